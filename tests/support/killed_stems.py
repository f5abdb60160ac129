"""A process that is killed when some of the stems that it writes have got their names."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from support.dataset_processes import fork

_KILLED: Final = 9


def killed(folder: Path, after: int, work: Callable[[], object]) -> None:
    """Do ``work`` in a process that ends when it is about to give ``folder`` one stem more than ``after``."""
    child = fork()
    if child == 0:
        left = [after]

        def stop(self: Path, target: Path) -> Path:
            if target.parent == folder and target.suffix == ".flac":
                if not left[0]:
                    os._exit(_KILLED)
                left[0] -= 1
            os.replace(self, target)  # noqa: PTH105 - the methods are what is replaced
            return target

        try:
            Path.rename = Path.replace = stop  # type: ignore[method-assign, assignment]
            work()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _KILLED
