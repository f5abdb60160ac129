"""The library: six small pieces, each of a kind that asks something else of an analysis."""

from typing import Final

from small_dataset_audio.dataset.demo.arrangement import Piece
from small_dataset_audio.dataset.demo.pieces import ambient, breakbeat, fingerpicked, house, lofi, waltz

PIECES: Final[tuple[Piece, ...]] = (
    house.PIECE,
    lofi.PIECE,
    waltz.PIECE,
    breakbeat.PIECE,
    ambient.PIECE,
    fingerpicked.PIECE,
)
"""In the order in which they are composed and listed."""
