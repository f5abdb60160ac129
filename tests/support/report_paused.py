"""Write a report as a process of its own: `python -m support.report_paused LIBRARY FOLDER PIPE`.

After the first drawing it says so, and goes on when something is written into the named pipe.
"""

import sys
from pathlib import Path

from small_dataset_audio.dataset.report.write import write_report
from small_dataset_audio.features.catalog import BY_NAME

library, folder, pipe = map(Path, sys.argv[1:])


def _pause(_done: int, _total: int, _track: str) -> None:
    sys.stdout.write("drawn\n")
    sys.stdout.flush()
    pipe.read_bytes()


write_report(library, folder, BY_NAME, progress=_pause)
