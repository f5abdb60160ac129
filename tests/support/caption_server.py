"""A server that speaks as OpenAI's chat completions do, and behaves as a test says; also run as a stand-in for llama-server.

As a program it takes llama-server's ``--port``, and the environment variable FAKE_LLAMA: a JSON object with any of
``exit`` (end at once with this status), ``deaf`` (no audio among the modalities), ``loading`` (how many health checks answer
503), ``says`` (a line for the log), ``die`` (end in the middle of the first answer, the first time it is started; the file named ``died`` remembers).
"""

import base64
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import soundfile

Reply = tuple[int, bytes] | str | None
"""Status and body; or the words of a proper answer; or None, which breaks the connection off."""


def completion(text: str, *, finish: str = "stop") -> bytes:
    """Return the body of a proper answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return json.dumps({"object": "chat.completion", "choices": [choice]}).encode()


class Requests(list[dict[str, Any]]):
    """What was asked, with headers under ``headers``."""

    def question(self, number: int) -> str:
        """Return the words of a question."""
        return str(self._part(number, "text")["text"])

    def sound(self, number: int) -> tuple[Any, int]:
        """Return the samples and rate that came with a question."""
        sent = self._part(number, "input_audio")["input_audio"]
        return soundfile.read(io.BytesIO(base64.b64decode(sent["data"])))  # type: ignore[no-any-return]

    def has_sound(self, number: int) -> bool:
        """Return whether a sound came with a question."""
        return any(part["type"] == "input_audio" for part in self[number]["messages"][0]["content"])

    def _part(self, number: int, kind: str) -> dict[str, Any]:
        [part] = [one for one in self[number]["messages"][0]["content"] if one["type"] == kind]
        return dict(part)


class _Quiet(BaseHTTPRequestHandler):
    """Answers, and says nothing of it on stderr."""

    def answer(self, status: int, data: bytes) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


@contextmanager
def serving(reply: Callable[[int], Reply]) -> Iterator[tuple[str, Requests]]:
    """Yield the address, up to ``/v1``, of a server that answers the n-th question (from 0) with ``reply(n)``, and the questions."""
    asked = Requests()

    class Handler(_Quiet):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**body, "headers": dict(self.headers), "path": self.path})
            answer = reply(len(asked) - 1)
            if answer is None:
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"choices"')
                self.close_connection = True
                return
            status, data = (200, completion(answer)) if isinstance(answer, str) else answer
            self.answer(status, data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def program(folder: Path) -> Path:
    """Return a program that stands in for llama-server."""
    path = folder / "llama-server"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    path.chmod(0o755)
    return path


def _as_llama_server() -> None:
    manners = json.loads(os.environ.get("FAKE_LLAMA", "{}"))
    sys.stdout.write(f"loading the model: {sys.argv[sys.argv.index('-m') + 1]}\n")
    sys.stdout.flush()
    sys.stderr.write(f"{manners.get('says', '')}\n")
    sys.stderr.flush()
    if "exit" in manners:
        sys.stderr.write("failed to load the model: out of memory\n")
        sys.exit(manners["exit"])
    checks = 0

    class Handler(_Quiet):
        def do_GET(self) -> None:
            nonlocal checks
            checks += 1
            if self.path == "/health":
                self.answer(503 if checks <= manners.get("loading", 0) else 200, b'{"status":"ok"}')
            else:
                self.answer(
                    200, json.dumps({"modalities": {"vision": False, "audio": not manners.get("deaf")}}).encode()
                )

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            died = Path(manners.get("die", "/nonexistent"))
            if "die" in manners and (manners.get("always") or not died.exists()):
                died.touch()
                sys.stderr.write("GGML_ASSERT failed\n")
                sys.stderr.flush()
                os._exit(134)
            words = [part["text"] for part in body["messages"][0]["content"] if part["type"] == "text"]
            self.answer(200, completion(f"You asked: {words[0]} My process is {os.getpid()}."))

    time.sleep(float(manners.get("slow", 0)))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()


if __name__ == "__main__":
    _as_llama_server()
