"""Moments in a track, one in a line: `.BEATS_GRID`, `.DOWNBEATS` and `.ONSETS` files.

Seconds from the start of the recording with six decimals (a microsecond; a sample at 192 kHz lasts five), ascending.
An empty file says that there are none; where nothing was measured there is no file.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.atomic import read_whole, store_error, sync_folder, write_text
from small_dataset_audio.dataset.info import sweep
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.errors import StoreError

DECIMALS: Final = 6
_LARGEST: Final = 64 * 2**20
"""Bytes: millions of times, more than any recording has."""
_TIME = re.compile(r"\d+(\.\d*)?([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?", re.ASCII)


def write_times(path: Path, times: Iterable[float]) -> None:
    """Put ``times`` at ``path``, whole or not at all.

    Args:
        path: such as ``track.sidecar("BEATS_GRID")``, in an existing track folder.
        times: seconds from the start ``[shape=(n,)]``, ascending.

    Raises:
        StoreError: a time is negative, not finite or earlier than the one before it; or the file cannot be written.
    """
    seconds = np.asarray(list(times), dtype=np.float64)
    if seconds.ndim != 1 or not _ascends(seconds):
        raise StoreError(
            f"Nothing was written to {path}.",
            "The times are not a list of ascending seconds.",
            "This is a mistake in the program that measured them: please report it with this message.",
        )
    text = "".join(f"{time + 0.0:.{DECIMALS}f}\n" for time in seconds.tolist())
    with track_lock(path.parent):
        sweep(path.parent)
        write_text(path, text)


def read_times(path: Path) -> NDArray[np.float64]:
    """Return the seconds in a times file ``[shape=(n,)]``, ascending.

    Raises:
        StoreError: there is no such file, it cannot be read, or a line is not a time.
    """
    try:
        lines = read_whole(path, _LARGEST).decode("utf-8-sig").splitlines()
    except OSError as error:
        raise store_error("read", path, error) from error
    except UnicodeDecodeError as error:
        raise _malformed(path, "it is not a text file") from error
    times = []
    for number, line in enumerate(lines, start=1):
        if word := line.strip():
            if not _TIME.fullmatch(word):
                raise _malformed(path, f"line {number} is not a time in seconds")
            times.append(float(word))
    seconds = np.asarray(times, dtype=np.float64)
    if not _ascends(seconds):
        raise _malformed(path, "its times do not ascend")
    return seconds


def remove_times(path: Path) -> None:
    """Remove a times file, where there is one: its times are stale.

    Raises:
        StoreError: it cannot be removed.
    """
    with track_lock(path.parent):
        try:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise store_error("remove", path, error) from error


def _ascends(seconds: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(seconds).all() and (seconds[:1] >= 0).all() and (np.diff(seconds) >= 0).all())


def _malformed(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"{path} is not a list of times; it was left untouched.",
        f"{reason[:1].upper()}{reason[1:]}.",
        "Correct it in a text editor, or remove it and measure the track again with `sda run --force analyze`.",
    )
