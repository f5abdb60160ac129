"""Starting the dataset's test programs as processes of their own."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def start(module: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start `python -m support.<module>`."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT / "tests")])}
    command = [sys.executable, "-m", f"support.{module}", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def fork() -> int:
    """Fork; unlike `os.fork`, without Python's warning that other threads (of the test runner) do not come along."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def answer(process: "subprocess.Popen[str]") -> str:
    """Wait for a process and return what it printed; it must end well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out
