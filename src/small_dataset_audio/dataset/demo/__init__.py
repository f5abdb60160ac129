"""A small music library of sda's own: composed, synthesised and labelled by code, the same every time.

`write_library` puts it into a folder, `read_truth` says what an analysis should find in each piece, and `compare` sets
what was found beside what is true.
"""

from small_dataset_audio.dataset.demo.arrangement import DRUMS, Piece
from small_dataset_audio.dataset.demo.comparison import Heard, Row, compare
from small_dataset_audio.dataset.demo.composition import Composition, compose
from small_dataset_audio.dataset.demo.label import TRUTH_SUFFIX, read_truth
from small_dataset_audio.dataset.demo.library import Written, write_library
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.truth import ChordTime, Truth

__all__ = [
    "DRUMS",
    "PIECES",
    "TRUTH_SUFFIX",
    "ChordTime",
    "Composition",
    "Heard",
    "Piece",
    "Row",
    "Truth",
    "Written",
    "compare",
    "compose",
    "read_truth",
    "write_library",
]
