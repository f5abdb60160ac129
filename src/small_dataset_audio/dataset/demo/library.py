"""The demo library on disk: every piece with its ground-truth file, written once and then left alone."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import ensure_folder, store_error
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.encode import encode
from small_dataset_audio.dataset.demo.arrangement import Piece
from small_dataset_audio.dataset.demo.composition import compose
from small_dataset_audio.dataset.demo.label import TRUTH_SUFFIX, Label, read_label, write_label
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.truth import truth_of
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import sweep_if_free, write_in_turn

EDITION: Final = 1
"""Raised whenever a piece or an instrument changes: libraries of an older edition are then composed anew."""


@dataclass(frozen=True)
class Written:
    """A piece of the library on disk.

    Attributes:
        piece: the composition.
        audio: its audio file.
        truth: its ground-truth file.
        composed: whether it was composed now; False where the right files were already there.
    """

    piece: Piece
    audio: Path
    truth: Path
    composed: bool


def write_library(
    folder: Path, progress: Callable[[str], None] | None = None, pieces: Sequence[Piece] = PIECES
) -> list[Written]:
    """Return the pieces of the library, after composing those that are not in ``folder`` yet.

    Files that are there and right are kept. Files of an older edition that nobody has changed are replaced. Anything
    else that stands in the way is somebody's own and is not touched.

    Args:
        folder: where; created if need be.
        progress: called with one sentence before each piece.
        pieces: what to write.

    Raises:
        StoreError: the folder cannot be written, or a file of that name is not the demo library's.
    """
    ensure_folder(folder)
    sweep_if_free(folder)
    return [_write(piece, folder, progress or (lambda _: None)) for piece in pieces]


def _write(piece: Piece, folder: Path, progress: Callable[[str], None]) -> Written:
    audio = folder / piece.file_name
    path = folder / f"{piece.title}{TRUTH_SUFFIX}"
    label = read_label(path) if os.path.lexists(path) else None
    found = file_sha256(audio) if os.path.lexists(audio) else None
    if found is not None and label == _label(piece, found):
        progress(f"{piece.title} is already there.")
        return Written(piece, audio, path, composed=False)
    progress(f"Composing {piece.title} ...")
    data = _encoded(piece)
    made = hashlib.sha256(data).hexdigest()
    vouched = made if label is None else label.sha256
    if found not in {None, made, vouched}:
        raise StoreError(
            f"{audio} is not the file that the demo library would put there.",
            "It has the same name and other content, so it is yours, and it was left as it is.",
            "Move it away, or choose another folder, and run `sda demo` again.",
        )
    if found != made:
        write_in_turn(audio, data)
    write_label(path, _label(piece, made))
    return Written(piece, audio, path, composed=True)


def _label(piece: Piece, sha256: str) -> Label:
    """Return the ground-truth file that belongs beside an audio file with this hash."""
    return Label(edition=EDITION, audio=str(piece.file_name), sha256=sha256, truth=truth_of(piece))


def _encoded(piece: Piece) -> bytes:
    """Return the bytes of a piece's audio file."""
    composition = compose(piece)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / piece.file_name
            encode(file, composition.samples, composition.rate, subtype=piece.master.subtype)
            return file.read_bytes()
    except OSError as error:
        raise store_error("compose into", Path(tempfile.gettempdir()), error) from error
