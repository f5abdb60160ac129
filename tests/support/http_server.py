"""A small HTTP server on the loopback interface that behaves as badly as a test wants."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler"], None]
"""What is answered to one request."""


@dataclass
class Site:
    """What is served, and what was asked for.

    Attributes:
        address: ``http://127.0.0.1:PORT``.
        pages: path -> behaviours, one a request; the last one stays.
        asked: (path, headers) of every request, in order.
    """

    address: str
    pages: dict[str, list[Behaviour]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(self, path: str, *behaviours: Behaviour) -> str:
        """Serve ``behaviours`` at ``path`` and return its address."""
        self.pages[path] = list(behaviours)
        return f"{self.address}{path}"

    def ranges(self, path: str) -> list[str]:
        """Return the ranges that were asked for at ``path``, empty texts for the whole."""
        return [headers.get("Range", "") for asked, headers in self.asked if asked == path]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        """Answer with the next behaviour of the path."""
        path = self.path.partition("?")[0]
        self.site.asked.append((self.path, dict(self.headers)))
        behaviours = self.site.pages.get(path)
        if not behaviours:
            status(404)(self)
            return
        behaviour = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        with contextlib.suppress(ConnectionError):
            behaviour(self)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the standard library
        """Say nothing."""

    def start(self, code: int, headers: Mapping[str, str]) -> None:
        """Send the status and the headers."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def hang_up(self) -> None:
        """End the connection without a word."""
        self.close_connection = True
        self.wfile.flush()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def asked_offset(self, content: bytes, etag: str) -> int:
        """Return where the client wants to go on; 0 where it wants all, or has another state of the file."""
        wanted = self.headers.get("Range", "")
        if not wanted or self.headers.get("If-Range", etag) != etag:
            return 0
        return int(wanted.removeprefix("bytes=").partition("-")[0])


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    """Yield a site that is served until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = type("Bound", (Handler,), {"site": site})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def file(content: bytes, etag: str = '"1"', **headers: str) -> Behaviour:
    """Serve a file as servers should: whole, or from where the client wants on."""

    def behave(handler: Handler) -> None:
        offset = handler.asked_offset(content, etag)
        if offset > len(content) or (offset and offset == len(content)):
            handler.start(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
            return
        told = {"ETag": etag, "Content-Length": str(len(content) - offset), **_named(headers)}
        if offset:
            told["Content-Range"] = f"bytes {offset}-{len(content) - 1}/{len(content)}"
        handler.start(206 if offset else 200, told)
        handler.wfile.write(content[offset:])

    return behave


def breaks_off(content: bytes, after: int, etag: str = '"1"', seconds: float = 0.0) -> Behaviour:
    """Serve a file, but hang up (after some seconds of silence) when ``after`` bytes of it are sent."""

    def behave(handler: Handler) -> None:
        offset = handler.asked_offset(content, etag)
        told = {"ETag": etag, "Content-Length": str(len(content) - offset)}
        if offset:
            told["Content-Range"] = f"bytes {offset}-{len(content) - 1}/{len(content)}"
        handler.start(206 if offset else 200, told)
        handler.wfile.write(content[offset : offset + after])
        handler.wfile.flush()
        time.sleep(seconds)
        handler.hang_up()

    return behave


def ignores_ranges(content: bytes) -> Behaviour:
    """Serve the whole file whatever part of it is asked for."""
    return plain(content, "Content-Length", str(len(content)))


def plain(content: bytes, *headers: str, code: int = 200) -> Behaviour:
    """Serve ``content`` with exactly these headers (name, value, name, value …), and hang up."""

    def behave(handler: Handler) -> None:
        handler.start(code, {**dict(zip(headers[::2], headers[1::2], strict=True)), "Connection": "close"})
        handler.wfile.write(content)
        handler.hang_up()

    return behave


def status(code: int, **headers: str) -> Behaviour:
    """Answer with a status and a short page."""
    page = f"<html>{HTTPStatus(code).phrase}</html>".encode()
    return plain(page, "Content-Length", str(len(page)), "Content-Type", "text/html", *_flat(headers), code=code)


def leads_to(address: str, code: int = 302, **headers: str) -> Behaviour:
    """Redirect."""
    return plain(b"", "Location", address, "Content-Length", "0", *_flat(headers), code=code)


def hangs_up(handler: Handler) -> None:
    """End the connection without an answer."""
    handler.hang_up()


def says_nonsense(handler: Handler) -> None:
    """Answer with something that is not HTTP."""
    handler.wfile.write(b"\x16\x03\x01 220 welcome to something else\r\n\r\n")
    handler.hang_up()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers given as keywords: ``X_Linked_Etag`` is ``X-Linked-Etag``."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _flat(headers: Mapping[str, str]) -> list[str]:
    return [text for pair in _named(headers).items() for text in pair]
