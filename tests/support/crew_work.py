"""What crews of processes do in tests, where the processes can find it."""

import os
import signal
import sys
from collections.abc import Collection
from contextlib import closing
from functools import partial
from pathlib import Path

from small_dataset_audio.processes import answers
from support.processes import wait_until


def begin(folder: Path, number: int) -> None:
    """Note that this process is at piece ``number``: once more in the file of that name."""
    with (folder / f"{number}").open("a") as file:
        file.write(f"{os.getpid()}\n")


def tries(folder: Path, number: int) -> list[int]:
    """Return the processes that have been at piece ``number``, in order."""
    file = folder / f"{number}"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def who(folder: Path, number: int) -> tuple[int, bool]:
    """Return the square of a number, and whether Ctrl-C is ignored where it is made."""
    begin(folder, number)
    return number**2, signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def deadly(folder: Path, which: Collection[int], number: int) -> int:
    """Return the square of a number, or end this process as the system does when memory is short."""
    begin(folder, number)
    if number in which:
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def patient(folder: Path, number: int) -> int:
    """Return the square of a number when the file "go" is there."""
    begin(folder, number)
    wait_until((folder / "go").exists, "nobody let it go on")
    return number**2


def refuse(number: int) -> int:
    """Raise an error for the number 3."""
    if number == 3:
        raise ValueError("not three")
    return number


def prepared(folder: Path) -> None:
    """Note that a process was prepared."""
    (folder / f"prepared {os.getpid()}").touch()


def main(folder: str) -> int:
    """Return 130 when Ctrl-C ends the work of two processes, which takes for ever."""
    try:
        with closing(answers(partial(patient, Path(folder)), range(100), 2)) as found:
            for _ in found:
                pass
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
