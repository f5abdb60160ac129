"""How fast a service may be asked, over all processes of this machine: turns are noted in a file, under a lock."""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.locks import folder_lock, write_in_turn

_NEXT: Final = "next-turn"
_FARTHEST: Final = 600.0
"""Seconds. A turn that lies farther ahead was noted by a clock that went wrong, and is nobody's."""


@dataclass(frozen=True)
class Pace:
    """Turns for one service.

    Attributes:
        folder: where they are noted; made when it is not there.
        interval: seconds between two turns.
    """

    folder: Path
    interval: float

    def wait(self) -> None:
        """Return when it is this process's turn; turns are given in the order in which they are asked for.

        Raises:
            StoreError: they cannot be noted.
        """
        time.sleep(self._reserve(self.interval))

    def rest(self, seconds: float) -> None:
        """Let nobody ask for some seconds, because the service said so.

        Raises:
            StoreError: that cannot be noted.
        """
        self._reserve(0.0, later=seconds)

    def _reserve(self, takes: float, later: float = 0.0) -> float:
        """Return how many seconds it is until the next free turn, after noting the one behind it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise store_error("create", self.folder, error) from error
        with folder_lock(self.folder):
            now = time.time()
            noted = self._noted()
            turn = noted if now < noted <= now + _FARTHEST else now
            write_in_turn(self.folder / _NEXT, repr(max(turn + takes, now + min(later, _FARTHEST))).encode())
        return turn - now

    def _noted(self) -> float:
        with contextlib.suppress(OSError, ValueError):
            return float((self.folder / _NEXT).read_text("ascii"))
        return 0.0
