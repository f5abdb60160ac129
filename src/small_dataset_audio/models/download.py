"""Fetching one file over HTTP: through redirects, past broken connections, on from where it stopped, to the right hash.

A server may do anything: refuse, break off, ignore or misread a range, send something else, or nothing at all. What can
pass is tried again; what cannot is the end of that address, and the next one is tried. RFC 9110, sections 13.1.5 (If-Range)
and 14 (ranges).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

import httpx2

from small_dataset_audio import __version__
from small_dataset_audio.errors import ModelError
from small_dataset_audio.models import answers, record
from small_dataset_audio.models.fields import is_private
from small_dataset_audio.models.part import Origin, Part

if TYPE_CHECKING:
    from small_dataset_audio.models.hub import Hub
    from small_dataset_audio.models.record import Verified
    from small_dataset_audio.models.registry import ModelFile

_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP status codes of troubles that pass (RFC 9110, 15; RFC 6585, 4; RFC 8470, 5.2)."""
_MOST_CONNECTIONS: Final = 100
"""A server that gives a few bytes at a time and breaks off is left after so many."""
_PLAIN: Final = ("", "identity")


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        connect: seconds to reach it.
        read: seconds without a byte after which a connection counts as broken.
        attempts: attempts in a row without a new byte, for each address.
        pause: seconds before the second attempt; doubled before each further one.
        longest_pause: seconds; a server that asks for more is left.
    """

    connect: float = 15.0
    read: float = 30.0
    attempts: int = 4
    pause: float = 1.0
    longest_pause: float = 60.0


class Progress(Protocol):
    """What shows how a pull goes on."""

    def start(self, name: str, total: int | None, done: int) -> None:
        """Show a file of ``total`` bytes (None: unknown), ``done`` of which are there."""
        ...

    def advance(self, count: int) -> None:
        """Show ``count`` more bytes."""
        ...

    def say(self, sentence: str) -> None:
        """Tell what is going on."""
        ...


class Refusal(Exception):  # noqa: N818 - the name says what the server does
    """This address does not give the file; the reason is in words."""


class _WrongContent(Refusal):
    """What came is not the file."""


class _Broken(Exception):  # noqa: N818 - the name says what happened to the connection
    """The connection ended early, or the server is in trouble; another attempt may go better."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def client(patience: Patience) -> httpx2.Client:
    """Return what makes requests; proxies and certificates are those of the environment.

    Raises:
        ModelError: the environment names a proxy that is none.
    """
    timeout = httpx2.Timeout(patience.read, connect=patience.connect)
    headers = {"User-Agent": f"small-dataset-audio/{__version__}", "Accept-Encoding": "identity"}
    try:
        return httpx2.Client(timeout=timeout, headers=headers, follow_redirects=True)
    except (ValueError, httpx2.InvalidURL, OSError) as error:
        raise ModelError(
            "The network cannot be used.",
            f"The proxy or the certificates that the environment names are wrong: {error}",
            "Correct HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE or SSL_CERT_DIR, or unset them.",
        ) from error


class Download:
    """One file on its way.

    Args:
        web: makes the requests (`client`).
        file: what is fetched.
        part: where its bytes are gathered.
        hub: where the hub is, and its token.
        progress: shows how it goes on.
        patience: how long servers are waited for.
    """

    def __init__(
        self, web: httpx2.Client, file: "ModelFile", part: Part, hub: "Hub", progress: Progress, patience: Patience
    ) -> None:
        self._web = web
        self._file = file
        self._part = part
        self._hub = hub
        self._progress = progress
        self._patience = patience

    def run(self, urls: Sequence[str]) -> "Verified":
        """Return what is true of the file, which then is under its name; ``urls`` are tried in their order.

        Raises:
            ModelError: none of them gives it.
            StoreError: it cannot be written; what was fetched stays for the next attempt.
        """
        reasons: list[str] = []
        for url in map(self._hub.address, urls):
            try:
                return self._bring(url)
            except Refusal as refusal:
                reasons.append(f"{url}: {refusal}")
                if len(reasons) < len(urls):
                    self._progress.say(f"{url} does not give {self._file.name} ({refusal}); trying the next address.")
        raise ModelError(
            f"{self._file.name} could not be fetched.",
            "\n".join(reasons) or "The registry knows no address for it.",
            "Check the network and try again: what was fetched so far is kept. `models.mirrors` in the settings names "
            "other sources, and `--from DIR` takes files that you fetched yourself.",
        )

    def _bring(self, url: str) -> "Verified":
        """Return what is true of the file as one address gives it."""
        begun_before = self._part.size > 0
        self._fetch(url)
        try:
            return self._settle()
        except _WrongContent:
            if not begun_before:
                raise
        self._fetch(url)  # what had come before may have been of another file
        return self._settle()

    def _fetch(self, url: str) -> None:
        """Gather all bytes from one address, over as many connections as it takes."""
        failures = 0
        for _ in range(_MOST_CONNECTIONS):
            before = self._part.size
            try:
                self._connect(url)
            except _Broken as broken:
                failures = 1 if self._part.size > before else failures + 1
                if failures >= self._patience.attempts:
                    raise Refusal(str(broken)) from broken
                self._wait(broken, failures)
            else:
                return
        reason = f"the connection broke off {_MOST_CONNECTIONS} times"
        raise Refusal(reason)

    def _wait(self, broken: _Broken, failures: int) -> None:
        pause = max(broken.wait, self._patience.pause * 2 ** (failures - 1))
        if pause > self._patience.longest_pause:
            message = f"{broken}, and asks to wait {pause:.0f} seconds"
            raise Refusal(message) from broken
        self._progress.say(f"{self._file.name}: {broken}; trying again in {pause:.0f} s.")
        time.sleep(pause)

    def _connect(self, url: str) -> None:
        """Gather what one connection gives."""
        whole = self._file.bytes
        if whole is not None and self._part.size == whole and self._part.origin is not None:
            return
        offset, headers = self._offer(url)
        try:
            with self._web.stream("GET", url, headers=headers | self._hub.headers(url)) as answer:
                self._check(answer, url)
                if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    if answer.headers.get("Content-Range") == f"bytes */{offset}":
                        return  # all of it came before
                    self._part.discard()
                    raise _Broken("the server does not have the part that is missing")
                if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
                    offset = 0
                self._gather(answer, url, offset)
        except httpx2.TooManyRedirects as error:
            reason = "it leads from one address to the next without end"
            raise Refusal(reason) from error
        except (httpx2.InvalidURL, UnicodeError) as error:  # the latter from names that DNS does not allow
            message = f"it leads to something that is no address ({error})"
            raise Refusal(message) from error
        except httpx2.TransportError as error:
            raise _Broken(answers.trouble_words(error)) from error

    def _offer(self, url: str) -> tuple[int, dict[str, str]]:
        """Return from where on bytes are asked for, with the headers that say so.

        A beginning is of use if it came from the same state of the same address, or if the hash will tell in the end.
        """
        size, origin = self._part.size, self._part.origin
        if self._file.bytes is not None and size > self._file.bytes:
            size = 0
        if not size or origin is None:
            return 0, {}
        asked = {"Range": f"bytes={size}-"}
        if origin.url == url and origin.validator:
            return size, asked | {"If-Range": origin.validator}
        return (size, asked) if self._file.sha256 else (0, {})

    def _check(self, answer: httpx2.Response, url: str) -> None:
        """Raise unless the answer is the file or a part of it."""
        status = answer.status_code
        if status in _PASSING:
            raise _Broken(answers.status_words(status), answers.asked_pause(answer))
        if not answer.is_success and status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise Refusal(answers.status_words(status))
        if not self._file.sha256 and not all(is_private(str(one.url)) for one in (*answer.history, answer)):
            message = "it leads over an unprotected connection (http://), where nothing tells what the file must be"
            raise Refusal(message)
        if answer.headers.get("Content-Encoding", "") not in _PLAIN:
            raise Refusal("the server sends it compressed, which was not asked for")
        page = answer.headers.get("Content-Type", "").startswith("text/html")
        if page and not self._file.sha256:
            message = f"it gives a web page instead of a file (see {url} in a browser)"
            raise Refusal(message)

    def _gather(self, answer: httpx2.Response, url: str, offset: int) -> None:
        """Add what the answer brings to what is there."""
        if offset and answers.start_of(answer) != offset:
            self._part.discard()
            raise _Broken("the server sends another part of the file than was asked for")
        total, expected = answers.size_of(answer), self._file.bytes
        if expected is not None and total not in {None, expected}:
            message = f"the file there has {total} bytes; it must have {expected}"
            raise Refusal(message)
        if expected is None and total is None:
            raise Refusal("neither the server nor the registry says how large the file is")
        if not offset:
            self._part.begin(Origin(url, answers.validator(answer), answers.told_hash(answer)))
        self._progress.start(self._file.name, total if expected is None else expected, offset)
        size, limit = offset, expected or total or 0
        with self._part.growing() as file:
            for block in answer.iter_raw():  # as it comes: gathered blocks would be lost with the connection
                size += len(block)
                if size > limit:
                    self._part.discard()
                    message = f"it sends more than the {limit} bytes of the file"
                    raise Refusal(message)
                file.write(block)
                self._progress.advance(len(block))
        if size < limit:
            raise _Broken("the connection ended early")

    def _settle(self) -> "Verified":
        """Let the file appear if it is what it must be."""
        origin = self._part.origin
        expected = self._file.sha256 or (origin.sha256 if origin else "")
        found = record.examine(self._part.path)
        if expected and found.sha256 != expected:
            self._part.discard()
            message = f"what it sent is not the file: its sha256 is {found.sha256}, not {expected}"
            raise _WrongContent(message)
        self._part.finish()
        return found
