"""Arrays on disk, as those of long recordings are."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Spool


def on_disk(array: NDArray[Any], folder: Path) -> NDArray[Any]:
    """Return a copy of ``array`` ``[shape=(rows, n)]`` or ``[shape=(n,)]`` that lies in ``folder``."""
    rows = array if array.ndim > 1 else array[None]
    spool = Spool(rows.shape[0], rows.shape[1], folder, array.dtype)
    spool.append(rows)
    made = spool.finish()
    return made if array.ndim > 1 else made[0]
