"""The identity of a file: the hash of its bytes."""

import hashlib
from pathlib import Path

from small_dataset_audio.atomic import open_file
from small_dataset_audio.audio import faults


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the bytes of ``path``, 64 hexadecimal digits; read in pieces, whatever its size.

    Raises:
        AudioError: the file is missing or cannot be read.
    """
    with faults.reading(path), open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
