"""Real ``sda`` processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PATIENCE = 240.0
"""Seconds: a machine that is busy with other tests is no reason to fail."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - whatever the document holds
        """Return stdout as the one JSON document that it must be."""
        return json.loads(self.out)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without settings of sda, plus ``extra``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SDA_")}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "120", **(extra or {})}


def command(*arguments: str | Path) -> list[str]:
    """Return the words that start sda with ``arguments``."""
    return [sys.executable, "-m", "small_dataset_audio", *map(str, arguments)]


def sda(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    text_in: str | None = None,
    limit: float = 120,
) -> Ended:
    """Run sda to its end and return how it ended; no traceback may show."""
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(env),
        input=text_in,
        stdin=None if text_in is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",  # file names need not be text
        timeout=limit,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def started(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> AbstractContextManager[subprocess.Popen[str]]:
    """Return sda at work, as `at_work` yields a program."""
    return at_work(command(*arguments), cwd, environment(env))


@contextmanager
def at_work(words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Yield a program at work in a process group of its own, as a terminal starts it; the group is gone in the end."""
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when ``condition`` holds; fail, saying ``what`` went wrong, when it does not for very long."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.02)


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the worker processes below a process."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def assert_error(ended: Ended, status: int = 1) -> None:
    """Assert that sda ended with ``status`` and said what happened, why, and how to fix it."""
    assert ended.status == status, ended
    lines = ended.err.strip().splitlines()
    assert any(line.startswith("Error: ") for line in lines), ended.err
    assert any(line.strip().startswith("Why: ") for line in lines), ended.err
    assert any(line.strip().startswith("Fix: ") for line in lines), ended.err
