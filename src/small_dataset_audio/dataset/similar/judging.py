"""What an alignment of two recordings proves, and how it is told.

Recordings that have nothing to do with each other agree by chance: `benchmarks/duplicates.py` measures how well, also where
they are of one key and tempo and with the same instruments. A pair must be far above that, and above what the same two
recordings reach when one is turned round in time: what is as like backwards as forwards, such as a steady beat or a long
chord, is no evidence.
"""

from dataclasses import replace
from typing import Final

from small_dataset_audio.dataset.heard.fingerprint import BANDS_PER_SEMITONE, FRAMES_PER_SECOND, Fingerprint
from small_dataset_audio.dataset.similar.alignment import MARGIN, align
from small_dataset_audio.dataset.similar.comparison import Compared, compared
from small_dataset_audio.dataset.similar.pairs import Kind, Pair

LEAST: Final = {1: 0.60, 2: 0.45, 3: 0.40}
"""Patches in a row -> their mean correlation from which a closer look is worth while; for more patches as for the most."""
SAME: Final = 0.72
"""Correlation, laid exactly on each other, from which two recordings are the same music. Copies reach 0.80 and more, also those
of another tempo and pitch; other music by the same instruments in the same key, tempo and rhythm stays below 0.64."""
LONGEST: Final = 20 * 60 * FRAMES_PER_SECOND
"""Frames of the shorter recording that are looked for in the other: the middle of a very long one stands for all of it."""
_SAME_PART: Final = 0.78
"""The same, where only a part is in common: it is the best of many parts."""
_ABOVE_REVERSED: Final = 0.15
_WHOLE: Final = 0.75
"""Share of a recording that is nearly all of it: its ends are often cut, or faded."""
_SAME_PITCH: Final = 0.25
"""Semitones: less is a matter of tuning."""
_SAME_TEMPO: Final = 0.006
_COMMON_SECONDS: Final = 12.0
"""Of two longer recordings, what they have in common must last so long: a fill or a chord alone is no loop."""


def judged(a: str, print_a: Fingerprint, b: str, print_b: Fingerprint, shift: int) -> Pair | None:
    """Return how two recordings are related; None where they are not.

    Args:
        a: the name of one.
        print_a: its fingerprint.
        b: the name of the other.
        print_b: its fingerprint.
        shift: by how many bands b is about higher than a.
    """
    if len(print_a) > len(print_b):
        a, print_a, b, print_b, shift = b, print_b, a, print_a, -shift
    whole = len(print_a)
    print_a = print_a[max(0, (whole - LONGEST) // 2) :][:LONGEST]
    shifts = range(max(shift - 1, -MARGIN), min(shift + 1, MARGIN) + 1)
    aligned = align(print_a, print_b, shifts)
    if aligned is None or aligned.seed < LEAST[min(aligned.patches, max(LEAST))]:
        return None
    found = compared(print_a, print_b, aligned)
    found = replace(found, share_b=min(1.0, found.share_b * whole / len(print_a)))
    common = found.share_a * len(print_a) / FRAMES_PER_SECOND
    part = max(found.share_a, found.share_b) < _WHOLE
    if found.score < (_SAME_PART if part else SAME) or (part and common < _COMMON_SECONDS):
        return None
    backwards = align(print_a, print_b[::-1], shifts)
    chance = 0.0 if backwards is None else max(backwards.seed, 0.0)
    return None if found.score < chance + _ABOVE_REVERSED else _told(a, b, found, common, chance)


def _kind(found: Compared, semitones: float, tempo: float) -> Kind:
    if max(found.share_a, found.share_b) < _WHOLE:
        return "same loop"
    if min(found.share_a, found.share_b) < _WHOLE:
        return "part of the other"
    if semitones:
        return "pitch shifted"
    return "same recording" if tempo == 1 else "tempo changed"


def _told(a: str, b: str, found: Compared, common: float, chance: float) -> Pair:
    """Return the pair, its names in order."""
    semitones = round(found.alignment.bands / BANDS_PER_SEMITONE, 1)
    semitones = semitones if abs(semitones) >= _SAME_PITCH else 0.0
    tempo = 1 / found.alignment.slope
    tempo = tempo if abs(tempo - 1) >= max(_SAME_TEMPO, 1 / (common * FRAMES_PER_SECOND)) else 1.0
    kind = _kind(found, semitones, tempo)
    share_a, share_b = found.share_a, found.share_b
    if a > b:
        a, b, share_a, share_b, semitones, tempo = b, a, share_b, share_a, -semitones, 1 / tempo
    evidence = (
        f"{common:.0f} s, {share_a:.0%} of {a} and {share_b:.0%} of {b}{_moved(semitones, tempo)}, agree with a correlation "
        f"of {found.score:.2f}; backwards they reach {chance:.2f}."
    )
    return Pair(
        a,
        b,
        kind,
        round(found.score, 3),
        evidence,
        semitones + 0.0,
        round(tempo, 4),
        round(share_a, 3),
        round(share_b, 3),
    )


def _moved(semitones: float, tempo: float) -> str:
    """Return how the second recording differs, in brackets; nothing where it does not."""
    said = []
    if semitones:
        unit = "semitone" if abs(semitones) == 1 else "semitones"
        said.append(f"{abs(semitones):g} {unit} {'higher' if semitones > 0 else 'lower'}")
    if tempo != 1:
        said.append(f"{abs(tempo - 1):.1%} {'faster' if tempo > 1 else 'slower'}")
    return f" (there {' and '.join(said)})" if said else ""
