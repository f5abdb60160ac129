"""Where recordings lie that are too long for memory, and how much of several recordings at once stays in memory."""

import os
import tempfile
from pathlib import Path
from typing import Final

from small_dataset_audio.audio.spool import MOST_HELD, Scratch
from small_dataset_audio.config.model import Settings

LASTING: Final = Path("/var/tmp")  # noqa: S108 - the files made there have no name that anybody could guess or take
"""The folder of temporary files that lies on a disk; the usual one may be a part of memory."""


def scratch(settings: Settings, recordings: int = 1) -> Scratch:
    """Return where to lay out one of ``recordings`` that are decoded together; together they hold no more than one would.

    It is the folder ``paths.cache`` where there is one, else that for temporary files: nothing is made beside a file that is
    only looked at.
    """
    folder = settings.paths.cache
    if not os.access(folder, os.W_OK | os.X_OK):
        usual = "TMPDIR" in os.environ or not os.access(LASTING, os.W_OK | os.X_OK)
        folder = Path(tempfile.gettempdir()) if usual else LASTING
    return Scratch(folder, MOST_HELD // recordings)
