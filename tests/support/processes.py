"""Real ``sda`` processes."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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


def assert_error(ended: Ended, status: int = 1) -> None:
    """Assert that sda ended with ``status`` and said what happened, why, and how to fix it."""
    assert ended.status == status, ended
    lines = ended.err.strip().splitlines()
    assert any(line.startswith("Error: ") for line in lines), ended.err
    assert any(line.strip().startswith("Why: ") for line in lines), ended.err
    assert any(line.strip().startswith("Fix: ") for line in lines), ended.err
