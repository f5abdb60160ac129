"""What a library has not, and what to record next: sentences that say no more than the numbers do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import log2, sqrt
from statistics import median
from typing import Final

from small_dataset_audio.dataset.keys import MAJOR, MINOR, spelled
from small_dataset_audio.dataset.report.numerals import numeral
from small_dataset_audio.dataset.report.portrait.maps import KEYS, keys_of
from small_dataset_audio.dataset.report.portrait.pieces import Piece, values_of

LEAST: Final = 4
"""Of fewer tracks nothing is said: every set so small is full of gaps."""
_WIDE_TEMPO_GAP: Final = 0.25
"""Octaves between neighbours in tempo: a fifth faster."""
_ONE_SIDED: Final = 0.8
_EXPECTED: Final = 1.5
"""Tracks that a combination would have if its two sides had nothing to do with each other."""
_NARROW: Final = {"lufs": (4.0, "LU", "loudness"), "brightness": (8.0, "points", "brightness")}
"""Number -> (range under which nothing can be learned of it, its unit, its name)."""
_ENOUGH_FOR_KEYS: Final = 12
"""Fewer tracks cannot fill the keys, and need not be told so."""
_LISTED: Final = 8
_MOST_COMBINATIONS: Final = 3


@dataclass(frozen=True)
class Gap:
    """Something there is not.

    Attributes:
        what: what the numbers say.
        suggestion: what would change it.
    """

    what: str
    suggestion: str


@dataclass(frozen=True)
class _Side:
    """A property with two sides."""

    names: tuple[str, str]
    of: Callable[[Piece], bool | None]
    """True for the second side, None where it is not known."""


def gaps(pieces: Sequence[Piece]) -> list[Gap]:
    """Return what the library has not; nothing where there are too few tracks to say."""
    if len(pieces) < LEAST:
        return []
    return [*_of_tempo(pieces), *_of_keys(pieces), *_of_ranges(pieces), *_of_voices(pieces), *_of_combinations(pieces)]


def next_piece(pieces: Sequence[Piece]) -> str | None:
    """Return the one recording that would widen the library most, in words; None where there is too little to say."""
    if len(pieces) < LEAST:
        return None
    traits = []
    widest = max(_tempo_gaps(pieces), default=None)
    if widest is not None:
        traits.append(f"around {sqrt(widest[1] * widest[2]):.0f} BPM")
    key = _missing_key(pieces)
    if key is not None:
        traits.append(f"in {spelled(*key)}")
    rarest = _empty_combinations(pieces)
    if rarest:
        traits.append(" and ".join(side for side in rarest[0][1] if side not in {MAJOR, MINOR}))
    return f"A piece {', '.join(trait for trait in traits if trait)}." if traits else None


def _tempo_gaps(pieces: Sequence[Piece]) -> list[tuple[float, float, float]]:
    """Return (octaves, lower, higher) of the wide gaps between neighbours in tempo."""
    tempi = sorted(values_of(pieces, "bpm"))
    if len(tempi) < LEAST:
        return []
    pairs = ((log2(high / low), low, high) for low, high in pairwise(tempi) if low > 0)
    return [pair for pair in pairs if pair[0] >= _WIDE_TEMPO_GAP]


def _of_tempo(pieces: Sequence[Piece]) -> list[Gap]:
    found = [
        Gap(
            f"Nothing lies between {low:.0f} and {high:.0f} BPM.",
            f"A piece around {sqrt(low * high):.0f} BPM would join the two sides.",
        )
        for _, low, high in sorted(_tempo_gaps(pieces), reverse=True)[:2]
    ]
    untimed = sum(piece.tempo is None for piece in pieces)
    if untimed and untimed < len(pieces):
        found.append(
            Gap(
                f"{untimed} of {len(pieces)} tracks {'has' if untimed == 1 else 'have'} no steady tempo.",
                "They teach nothing about tempo, and stand in no map that shows it.",
            )
        )
    return found


def _of_keys(pieces: Sequence[Piece]) -> list[Gap]:
    counts = keys_of(pieces)
    known = counts.total()
    if known < LEAST:
        return []
    found = []
    minor = sum(count for (_, mode), count in counts.items() if mode == MINOR)
    for mode, count, other in ((MINOR, minor, MAJOR), (MAJOR, known - minor, MINOR)):
        if count / known >= _ONE_SIDED:
            found.append(
                Gap(
                    f"{'All' if count == known else f'{count} of'} {known} tracks are in {mode}.",
                    f"Pieces in {other} would balance that.",
                )
            )
    empty = [spelled(*key) for key in KEYS if key not in counts]
    if empty and known >= _ENOUGH_FOR_KEYS:
        listed = ", ".join(empty[:_LISTED]) + (f" and {len(empty) - _LISTED} more" if len(empty) > _LISTED else "")
        found.append(
            Gap(
                f"{len(empty)} of {len(KEYS)} keys {'has' if len(empty) == 1 else 'have'} no track.",
                f"Empty: {listed}.",
            )
        )
    return found


def _missing_key(pieces: Sequence[Piece]) -> tuple[int, str] | None:
    """Return an empty key of the mode with fewer tracks, as far from those that are there as possible."""
    counts = keys_of(pieces)
    empty = [key for key in KEYS if key not in counts]
    if not counts or not empty:
        return None
    of_mode: Mapping[str, int] = {
        mode: sum(n for key, n in counts.items() if key[1] == mode) for mode in (MAJOR, MINOR)
    }
    tonics = {tonic for tonic, _ in counts}

    def rank(key: tuple[int, str]) -> tuple[int, int]:
        apart = min(min(7 * (key[0] - tonic) % 12, 7 * (tonic - key[0]) % 12) for tonic in tonics)
        return of_mode[key[1]], -apart

    return min(empty, key=rank)


def _of_ranges(pieces: Sequence[Piece]) -> list[Gap]:
    found = []
    for name, (width, unit, words) in _NARROW.items():
        values = values_of(pieces, name)
        if len(values) >= LEAST and max(values) - min(values) < width:
            found.append(
                Gap(
                    f"All tracks lie within {numeral(max(values) - min(values), 1)} {unit} of {words} "
                    f"({numeral(min(values), 1)} to {numeral(max(values), 1)}).",
                    f"A generator conditioned on {name} has next to nothing to learn from here: widen it, or leave it out.",
                )
            )
    return found


def _of_voices(pieces: Sequence[Piece]) -> list[Gap]:
    voices = values_of(pieces, "voice_probability")
    if len(voices) < LEAST:
        return []
    sung = sum(value >= 0.5 for value in voices)  # noqa: PLR2004 - likelier than not
    if sung in {0, len(voices)}:
        what, other = ("No track has a voice.", "sung") if not sung else ("Every track has a voice.", "instrumental")
        return [Gap(what, f"If the generator should know the difference, add {other} pieces.")]
    return []


def _of_combinations(pieces: Sequence[Piece]) -> list[Gap]:
    return [
        Gap(
            f"No track is both {first} and {second}.",
            f"{expected:.0f} of the {known} would be, if one had nothing to do with the other.",
        )
        for expected, (first, second), known in _empty_combinations(pieces)[:_MOST_COMBINATIONS]
    ]


def _empty_combinations(pieces: Sequence[Piece]) -> list[tuple[float, tuple[str, str], int]]:
    """Return (expected tracks, the two sides, tracks where both are known) of combinations without a track."""
    found = []
    for one, other in combinations(_sides(pieces), 2):
        known = [(a, b) for piece in pieces if (a := one.of(piece)) is not None and (b := other.of(piece)) is not None]
        for a in (False, True):
            for b in (False, True):
                share = sum(x == a for x, _ in known) * sum(y == b for _, y in known)
                expected = share / len(known) if known else 0.0
                if expected >= _EXPECTED and (a, b) not in known:
                    found.append((expected, (one.names[a], other.names[b]), len(known)))
    return sorted(found, key=lambda each: -each[0])


def _sides(pieces: Sequence[Piece]) -> list[_Side]:
    """Return the properties by which combinations are told; the halves are those of this library."""

    def halves(name: str) -> Callable[[Piece], bool | None]:
        values = values_of(pieces, name)
        middle = median(values) if values else 0.0

        def upper(piece: Piece) -> bool | None:
            value = piece.tempo if name == "bpm" else piece.numbers.get(name)
            return None if value is None else value > middle

        return upper

    return [
        _Side(("slow", "fast"), halves("bpm")),
        _Side(("dark", "bright"), halves("brightness")),
        _Side(("quiet", "loud"), halves("lufs")),
        _Side((MAJOR, MINOR), lambda piece: None if piece.key is None else piece.key[1] == MINOR),
    ]
