"""Processes that write at the same time: `python -m support.dataset_writers update INFO WRITER COUNT` or `organize SOURCE LIBRARY`."""

import sys
from pathlib import Path

from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.organize import assign, find_audio, organize


def main() -> None:
    """Do what the command line says."""
    if sys.argv[1] == "update":
        update(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        for incoming in assign(find_audio(Path(sys.argv[2])), Path(sys.argv[3])):
            organize(incoming)


def update(info: Path, writer: str, count: int) -> None:
    """Write values one by one; each must still be there when the next is written."""
    for number in range(count):
        after = safe_update(info, {f"{writer}-{number}": number})
        missing = [earlier for earlier in range(number + 1) if after.get(f"{writer}-{earlier}") != earlier]
        if missing:
            sys.exit(f"writer {writer} lost {missing}")


if __name__ == "__main__":
    main()
