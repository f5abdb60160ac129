"""The run log: one JSON line per event, written as it happens, so that a crash loses nothing that was said."""

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from small_dataset_audio.atomic import open_file, store_error
from small_dataset_audio.errors import StoreError
from small_dataset_audio.pipeline.timeline import LANES, Timeline
from small_dataset_audio.pipeline.worker import StepResult

FORMAT: Final = 1


class RunLog:
    """An open run log: ``reports/run-<time>-<random>.jsonl``.

    Events are ``start`` (version, settings, plan, what the run was estimated to need), ``step`` (one stage on one track:
    when it began and in which lane, seconds, memory, what is absent and why, the failure if any), ``note`` and ``end`` (counts,
    seconds, how far off the estimate was, how processor and accelerator worked side by side: `timeline`). Each has ``time``
    in UTC and ``at``, seconds since the start.

    Raises:
        StoreError: the reports folder cannot be written.
    """

    def __init__(self, reports: Path) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        self.path = reports / f"run-{stamp}-{secrets.token_hex(2)}.jsonl"
        self._began = time.monotonic()
        self.timeline = Timeline()
        try:
            reports.mkdir(parents=True, exist_ok=True)
            # A file name that is no text holds lone surrogates; escaped they are what JSON itself would write.
            self._file = self.path.open("x", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise store_error("write the run log", self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as failure:  # what could not be written has been told already, unless all went well until now
            if error is None:
                raise store_error("write the run log", self.path, failure) from failure

    def write(self, event: str, facts: Mapping[str, Any]) -> None:
        """Append one event.

        Raises:
            StoreError: the disk is full, and the like.
        """
        line = {
            "event": event,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "at": round(time.monotonic() - self._began, 3),
            **facts,
        }
        try:
            self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            self._file.flush()
        except OSError as error:
            raise store_error("write the run log", self.path, error) from error

    def step(self, result: StepResult, audio_seconds: float | None = None) -> None:
        """Append what one stage did to one track, whose recording is so long where that is known."""
        now = time.monotonic() - self._began
        lane = LANES[result.accelerated]
        self.timeline.add(lane, now - result.seconds, now)
        self.write(
            "step",
            {
                "track": result.job.track.name,
                "stage": result.stage,
                "ok": result.failure is None,
                "lane": lane,
                "began": round(max(0.0, now - result.seconds), 3),
                "seconds": round(result.seconds, 3),
                "opening": round(result.opening, 3),
                "audio_seconds": None if audio_seconds is None else round(audio_seconds, 3),
                "worker": result.worker,
                **({} if result.node is None else {"node": result.node}),
                "peak_bytes": result.peak_bytes,
                "absent": dict(result.absent),
                "warnings": list(result.warnings),
                "failure": asdict(result.failure) if result.failure else None,
                "traceback": result.trace,
            },
        )


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a run log; a last line that a crash cut off is left out.

    Raises:
        StoreError: the file cannot be read, or another line than the last is no JSON object.
    """
    try:
        # Never all of it: it may have millions of lines.
        with TextIOWrapper(BufferedReader(open_file(path)), "utf-8", errors="replace", newline="\n") as file:
            yield from _events(path, file)
    except OSError as error:
        raise store_error("read", path, error) from error


def _events(path: Path, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the events in some lines; only the last may be none, or part of one."""
    waiting: StoreError | None = None
    for number, line in enumerate(lines, 1):
        if waiting is not None:
            raise waiting
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            waiting = _damaged(path, number, f"It is not JSON: {getattr(error, 'msg', error)}.")
            waiting.__cause__ = error
            continue
        if not isinstance(event, dict):
            raise _damaged(path, number, "It holds no event.")
        yield event


def _damaged(path: Path, line: int, why: str) -> StoreError:
    return StoreError(
        f"{path} is damaged in line {line}.",
        why,
        "Remove the file; the results themselves are in the library, not in the log.",
    )
