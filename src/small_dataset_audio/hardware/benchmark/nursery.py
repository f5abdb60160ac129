"""Child processes from the parent's side: started, asked, watched, and always ended."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Final, Literal, Self

from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.benchmark.child import FORKS, KINDS, Message
from small_dataset_audio.hardware.benchmark.watchdog import Watch
from small_dataset_audio.hardware.oom import is_out_of_memory_text, metal_ran_out

COMMAND: Final = (sys.executable, "-m", "small_dataset_audio.hardware.benchmark.child")

_TAIL_BYTES: Final = 4000
_GOODBYE_SECONDS: Final = 10.0
_CHUNK: Final = 65536
_SHELL_SIGNALS: Final = 128


class Gone(Exception):  # noqa: N818 - an event that is measured, not an error that a user meets
    """A child process did not answer: it died, it was ended, or it hung.

    Attributes:
        ended: "killed", "timeout", or "oom" where its last words say that memory ran out.
        reason: how, as a sentence without a full stop.
        peak_bytes: the most memory that it was seen to hold, if any was seen.
    """

    def __init__(self, ended: Literal["killed", "timeout", "oom"], reason: str, peak_bytes: int | None) -> None:
        super().__init__(ended, reason, peak_bytes)
        self.ended = ended
        self.reason = reason
        self.peak_bytes = peak_bytes


class Failed(Exception):  # noqa: N818 - as above
    """The device failed in what was asked of a child, which is still there."""


class Nursery:
    """Makes child processes, one at a time, and sees that none is left.

    Args:
        forks: fork each child from a process that imported torch once; otherwise each is a new process.
        environ: their environment.
        command: what to run.
    """

    def __init__(
        self, *, forks: bool, environ: Mapping[str, str] | None = None, command: Sequence[str] = COMMAND
    ) -> None:
        self.forks = forks
        self._command = [*command, *([FORKS] if forks else [])]
        self._environ = dict(os.environ if environ is None else environ)
        self._process: subprocess.Popen[bytes] | None = None
        self._words: Any = None
        self._spoken_before = 0
        self._buffer = b""
        self._child: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process id of the child that answers, or None when there is none."""
        return self._child

    def fresh(self, *, timeout: float, watch: Watch | None = None) -> None:
        """End the present child, if any, and start another.

        Raises:
            Gone: it died before it could answer.
            SdaError: it cannot work (torch cannot be imported).
        """
        self._end_child()
        if self._process is None:
            self._start()
        else:
            self._spoken_before = self._words.seek(0, os.SEEK_END)
        answer = self.ask({"do": "fresh"}, timeout=timeout, watch=watch)
        self._child = int(answer["pid"])

    def ask(self, request: Message, *, timeout: float, watch: Watch | None = None) -> Message:
        """Return the answer of the child to ``request``.

        Args:
            request: what to do.
            timeout: seconds after which it counts as hanging.
            watch: ends it when it takes too much memory.

        Raises:
            Gone: there is no answer; the child is no more.
            Failed: the device failed.
            SdaError: the error that the child met.
        """
        try:
            self._send(request)
            answer = self._receive(timeout, watch)
        except BrokenPipeError:
            answer = None
        if answer is None or "gone" in answer:
            raise self._lost(answer, watch)
        if "error" in answer:
            error = answer["error"]
            raise KINDS.get(error["kind"], DeviceError)(error["what"], error["why"], error["fix"])
        if "failed" in answer:
            raise Failed(answer["failed"])
        result: Message = answer["ok"]
        return result

    def ran_out(self) -> bool:
        """Return whether Metal has reported on stderr that memory ran out, which it often does without an error."""
        return metal_ran_out(self._last_words())

    def close(self) -> None:
        """End all processes that were started here."""
        self._end_child()
        self._end_process()

    def _start(self) -> None:
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._spoken_before = 0
        self._buffer = b""
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env=self._environ,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends its children
        )

    def _send(self, request: Message) -> None:
        if self._process is None or self._process.stdin is None:
            raise BrokenPipeError
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()

    def _receive(self, timeout: float, watch: Watch | None) -> Message | None:
        """Return the next message, or None when there is none to come.

        Raises:
            Gone: it hangs, or it was ended by the watch.
        """
        deadline = monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - monotonic()
            if left <= 0:
                raise self._ended(
                    "timeout", f"the process gave no answer in {timeout:.0f} seconds and was ended", watch
                )
            pid = self._child if self._child is not None else self._pid_of_process()
            trouble = watch.look(pid) if watch is not None and pid is not None else None
            if trouble is not None:
                raise self._ended("killed", trouble, watch)
            if self._readable(min(left, watch.pause()) if watch is not None else left):
                part = self._read()
                if not part:
                    return None
                self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: Message = json.loads(line)
        return message

    def _readable(self, seconds: float) -> bool:
        process = self._process
        if process is None or process.stdout is None:
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def _read(self) -> bytes:
        process = self._process
        return b"" if process is None or process.stdout is None else os.read(process.stdout.fileno(), _CHUNK)

    def _pid_of_process(self) -> int | None:
        return None if self._process is None else self._process.pid

    def _ended(self, how: Literal["killed", "timeout"], reason: str, watch: Watch | None) -> Gone:
        """End the child that misbehaves and return what is to be told of it."""
        if self._child is None or not self.forks:
            self._end_process(kill=True)
        else:
            self._kill(self._child)
            self._await_gone()
        self._child = None
        return Gone(how, reason, _seen(watch))

    def _lost(self, answer: Message | None, watch: Watch | None) -> Gone:
        """Return what is to be told of a child that died by itself."""
        last = self._last_words()
        self._child = None
        if answer is None:
            status, peak = self._end_process(), None
        else:
            status, peak = int(answer["gone"]["status"]), int(answer["gone"]["peak_bytes"])
        peaks = [number for number in (peak, _seen(watch)) if number is not None]
        lines = [line for line in last.strip().splitlines() if line.strip()]
        spoken = f": {lines[-1].strip()[:300]}" if lines else ""
        told = f"{_manner(status)}{spoken}"
        return Gone("oom" if is_out_of_memory_text(last) else "killed", told, max(peaks, default=None))

    def _last_words(self) -> str:
        """Return the end of what the present child wrote to stderr."""
        if self._words is None:
            return ""
        size = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(self._spoken_before, size - _TAIL_BYTES))
        words: bytes = self._words.read()
        self._words.seek(0, os.SEEK_END)
        return words.decode(errors="replace")

    def _end_child(self) -> None:
        """Ask the present child to end; end it if it does not."""
        if self._child is None:
            return
        child, self._child = self._child, None
        if not self.forks:
            self._end_process()
            return
        with contextlib.suppress(BrokenPipeError):
            self._send({"do": "end"})
        if not self._await_gone():
            self._kill(child)
            self._await_gone()

    def _await_gone(self) -> bool:
        """Wait until the first process says that its child is gone; return whether it did."""
        try:
            return self._receive(_GOODBYE_SECONDS, None) is not None
        except Gone:
            return False

    def _end_process(self, *, kill: bool = False) -> int:
        """End the process that was started, and return its exit status (negative: the signal that ended it)."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if kill:
            process.kill()
        try:
            status = process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = -signal.SIGKILL
            with contextlib.suppress(subprocess.TimeoutExpired):  # one that hangs in a driver cannot even be killed
                process.wait(_GOODBYE_SECONDS)
        self._words.close()
        self._words = None
        return status

    @staticmethod
    def _kill(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _seen(watch: Watch | None) -> int | None:
    return watch.peak if watch is not None and watch.peak else None


def _manner(status: int) -> str:
    """Return how a process ended, as a sentence without a full stop."""
    number = -status if status < 0 else status - _SHELL_SIGNALS
    if status < 0 or status > _SHELL_SIGNALS:
        with contextlib.suppress(ValueError):
            name = signal.Signals(number).name
            kernel = " (the kernel does that when memory is out)" if name == "SIGKILL" else ""
            return f"the process was ended by {name}{kernel}"
    return f"the process ended with status {status}"
