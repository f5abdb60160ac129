"""``python -m small_dataset_audio`` is ``sda``."""

import sys

from small_dataset_audio.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
