"""How many tracks there are where: in which keys, at which tempi, under which labels."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from small_dataset_audio.dataset.keys import MAJOR, MINOR
from small_dataset_audio.dataset.report.portrait.pieces import Piece

FIFTHS: Final = tuple(7 * step % 12 for step in range(12))
"""The tonics in the order of the circle of fifths, from C."""
KEYS: Final = tuple((tonic, mode) for mode in (MAJOR, MINOR) for tonic in FIFTHS)
"""All keys; minor ones follow, each at the place of its own tonic."""
RELATIVE: Final = 9
"""Semitones from a major tonic up to that of its relative minor."""
_TEMPO_STEP: Final = 10
_MOST_TEMPO_BINS: Final = 14
_HEARD: Final = 0.1
"""A label counts for a track when its probability is at least this."""
_MOST_LABELS: Final = 40
_PARENT: Final = "---"


@dataclass(frozen=True)
class TempoGrid:
    """How many tracks there are per key and tempo.

    Attributes:
        edges: of the tempi, in BPM; one more than there are columns.
        counts: key -> one number per column.
    """

    edges: tuple[int, ...]
    counts: dict[tuple[int, str], list[int]]


@dataclass(frozen=True)
class Histogram:
    """How many values lie where.

    Attributes:
        edges: one more than there are counts.
        counts: of the values between two edges.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def keys_of(pieces: Iterable[Piece]) -> Counter[tuple[int, str]]:
    """Return key -> how many tracks are in it."""
    return Counter(piece.key for piece in pieces if piece.key is not None)


def tempo_grid(pieces: Sequence[Piece]) -> TempoGrid | None:
    """Return how many tracks there are per key and tempo; None where no track has both."""
    both = [(piece.key, round(piece.tempo, 1)) for piece in pieces if piece.key is not None and piece.tempo is not None]
    tempi = [tempo for _, tempo in both]
    if not tempi:
        return None
    step = _TEMPO_STEP
    while max(tempi) // step - min(tempi) // step >= _MOST_TEMPO_BINS:
        step += _TEMPO_STEP
    first, last = int(min(tempi) // step), int(max(tempi) // step)
    counts = {key: [0] * (last - first + 1) for key in KEYS}
    for key, tempo in both:
        counts[key][int(tempo // step) - first] += 1
    return TempoGrid(tuple(step * index for index in range(first, last + 2)), counts)


def histogram(values: Sequence[float], low: float, high: float, bins: int) -> Histogram:
    """Return how many of ``values`` lie where between ``low`` and ``high``; what lies outside is in no part."""
    counts, edges = np.histogram(np.asarray(values, dtype=np.float64), bins=bins, range=(low, high))
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def label_names(pieces: Iterable[Piece]) -> list[str]:
    """Return the names under which tracks have labels, in the order of their first coming."""
    return list(dict.fromkeys(name for piece in pieces for name, labels in piece.labels.items() if labels))


def label_counts(pieces: Iterable[Piece], name: str) -> list[tuple[str, int]]:
    """Return (label, tracks that it is heard in) of the most frequent labels called ``name``, the most frequent first."""
    found = Counter(
        label for piece in pieces for label, probability in piece.labels.get(name, {}).items() if probability >= _HEARD
    )
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LABELS]


def short_label(label: str) -> str:
    """Return a label without its parent: ``House`` of ``Electronic---House``."""
    return label.rpartition(_PARENT)[2]
