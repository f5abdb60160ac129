"""How a track changes over time: the compressed `.TIMESERIES.npz` file beside its `.INFO`.

Arrays of numpy, to be read with `numpy.load(path, allow_pickle=False)`: ``format`` (1), ``seconds`` (the duration), ``times`` (the
middle of each step in seconds ``[shape=(steps,)]``), and one float32 array per feature, ``[shape=(steps,)]`` or
``[shape=(steps, columns)]``. What could not be measured is not there. The same content gives the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.atomic import read_whole, replacing, store_error, sync_folder
from small_dataset_audio.dataset.arrays import TooLarge, read_arrays, write_arrays
from small_dataset_audio.dataset.info import sweep
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.errors import StoreError

FORMAT: Final = 1
"""Raised when the meaning of an array changes."""
TIMESERIES: Final = "TIMESERIES.npz"
"""What follows the track's name in the name of the file."""
_LARGEST: Final = 256 * 2**20
"""Bytes, packed or unpacked: hours of all series at a hundred steps a second have less."""
_FACTS: Final = ("format", "seconds", "times")


@dataclass(frozen=True, eq=False)
class Series:
    """How a track changes over time.

    Attributes:
        seconds: its duration.
        values: name -> float32 ``[shape=(steps,)]`` or ``[shape=(steps, columns)]``, as many steps in each.
    """

    seconds: float
    values: Mapping[str, NDArray[np.float32]]

    @property
    def steps(self) -> int:
        """Number of steps; 0 where nothing was measured."""
        return next((value.shape[0] for value in self.values.values()), 0)

    @property
    def times(self) -> NDArray[np.float64]:
        """The middle of each step in seconds ``[shape=(steps,)]``."""
        return np.asarray((np.arange(self.steps) + 0.5) * (self.seconds / max(self.steps, 1)))


def write_series(path: Path, series: Series) -> None:
    """Put ``series`` at ``path``, whole or not at all.

    Args:
        path: ``track.sidecar(TIMESERIES)``, in an existing track folder.
        series: what to write.

    Raises:
        StoreError: an array holds what is no number or has another number of steps; or the file cannot be written.
    """
    for name, value in series.values.items():
        if name in _FACTS or value.shape[0] != series.steps or not np.isfinite(value).all():
            raise StoreError(
                f"Nothing was written to {path}.",
                f"The series {name} holds what is no number, or has not {series.steps} steps, or its name is taken.",
                "This is a mistake in the program that measured it: please report it with this message.",
            )
    facts = {"format": np.int64(FORMAT), "seconds": np.float64(series.seconds), "times": series.times}
    with track_lock(path.parent):
        sweep(path.parent)
        with replacing(path) as file:
            write_arrays(file, {**facts, **{name: value.astype(np.float32) for name, value in series.values.items()}})


def read_series(path: Path) -> Series:
    """Return what is in a file of series.

    Raises:
        StoreError: there is no such file, it cannot be read, or it is not such a file.
    """
    try:
        data = read_whole(path, _LARGEST)
    except OSError as error:
        raise store_error("read", path, error) from error
    try:
        found = read_arrays(data, _LARGEST)
    except TooLarge as error:
        raise _malformed(path, f"unpacked, it would have more than {_LARGEST} bytes") from error
    except ValueError as error:
        raise _malformed(path, "it is no archive of numpy arrays, or it is damaged") from error
    if not {*_FACTS} <= found.keys() or found["format"].shape != () or found["seconds"].shape != ():
        raise _malformed(path, f"it does not hold {', '.join(_FACTS)}")
    if found["format"] != FORMAT:
        raise _malformed(path, f"its format is {found['format']}, and this version of sda reads {FORMAT}")
    return Series(float(found["seconds"]), {name: value for name, value in found.items() if name not in _FACTS})


def remove_series(path: Path) -> None:
    """Remove a file of series, where there is one: it is stale.

    Raises:
        StoreError: it cannot be removed.
    """
    with track_lock(path.parent):
        try:
            if path.exists():
                path.unlink()
                sync_folder(path.parent)
        except OSError as error:
            raise store_error("remove", path, error) from error


def _malformed(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"{path} is not a file of time series; it was left untouched.",
        f"{reason[:1].upper()}{reason[1:]}.",
        "Remove it, and measure the track again with `sda run --force analyze`.",
    )
