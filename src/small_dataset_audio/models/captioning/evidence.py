"""What a caption states that measurements can check, and where the two contradict each other.

A language model that hears music is often wrong about numbers. Nothing is corrected: a contradiction is noted beside the
caption, so that the user, and the check of the data set, can see it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_NOTES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES: Final = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_TEMPO: Final = re.compile(r"(\d{2,3}(?:\.\d+)?)\s*(?:-\s*)?(?:bpm|beats[ -]per[ -]minute)\b", re.IGNORECASE)
_KEY: Final = re.compile(r"\b([A-G])(?:\s?(#|b)|[ -](sharp|flat))?[ -](major|minor)\b")
_SLOW: Final = re.compile(r"\b(slow(?!ly)|largo|adagio|downtempo|slow-paced)\b", re.IGNORECASE)
_FAST: Final = re.compile(r"\b(fast|presto|up-?tempo|fast-paced|breakneck)\b", re.IGNORECASE)
_WITHOUT_VOICE: Final = re.compile(
    r"\b(purely instrumental|instrumental (?:track|piece)|(?:no|without|lacks?) (?:any )?(?:vocals|voices|singing))\b",
    re.IGNORECASE,
)
_VOICE: Final = re.compile(
    r"\b((?:fe)?male vocals?|vocalist|lead vocals?|singer|sings|sung|rapper|raps)\b", re.IGNORECASE
)
_WITHOUT_DRUMS: Final = re.compile(
    r"\b(?:no|without|lacks?) (?:any )?(?:drums|percussion|drum kit|beats)\b", re.IGNORECASE
)

_TEMPO_TOLERANCE: Final = 0.04
"""As of mir_eval's tempo score."""
_OCTAVES: Final = (0.5, 1.0, 2.0)
"""Tempi between which ears disagree."""
_SLOW_UPTO, _FAST_FROM = 140.0, 75.0
"""Beats per minute beyond which nobody calls music slow, and under which nobody calls it fast."""
_SURE: Final = 0.9
"""Probability from which a label counts as measured."""
_AUDIBLE_LU: Final = 20.0
"""A stem that is no further under the mix is heard."""

Values = Mapping[str, Any]


def contradictions(text: str, values: Values) -> list[str]:
    """Return a sentence for each statement of ``text`` that contradicts what was measured.

    Args:
        text: a caption.
        values: the numbers and labels of ``.INFO``; what is absent there is not checked.
    """
    return [sentence for check in _CHECKS if (sentence := check(text, values)) is not None]


def _number(values: Values, name: str) -> float | None:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _tempo(text: str, values: Values) -> str | None:
    measured = _number(values, "bpm")
    stated = [float(one) for one in _TEMPO.findall(text)]
    if measured is None or not values.get("bpm_is_defined") or not stated:
        return None
    for bpm in stated:
        if any(abs(bpm * octave - measured) <= _TEMPO_TOLERANCE * measured for octave in _OCTAVES):
            return None
    return f"It says {stated[0]:g} beats per minute; {measured:.1f} were measured."


def _key(text: str, values: Values) -> str | None:
    number, scale = _number(values, "tonic"), values.get("tonic_scale")
    stated = [(_pitch_class(note, sign or word), mode) for note, sign, word, mode in _KEY.findall(text)]
    if number is None or number not in range(12) or not isinstance(scale, str) or not stated:
        return None
    if scale not in {"major", "minor"}:
        return None
    tonic = int(number)
    relative = ((tonic + 9) % 12, "minor") if scale == "major" else ((tonic + 3) % 12, "major")
    if any(one in {(tonic, scale), relative} for one in stated):
        return None
    note, mode = stated[0]
    return f"It says {_NAMES[note]} {mode}; {_NAMES[tonic]} {scale} was measured."


def _pitch_class(note: str, sign: str) -> int:
    return (_NOTES[note] + {"": 0, "#": 1, "sharp": 1, "b": -1, "flat": -1}[sign]) % 12


def _pace(text: str, values: Values) -> str | None:
    measured = _number(values, "bpm")
    if measured is None or not values.get("bpm_is_defined"):
        return None
    slow, fast = _SLOW.search(text), _FAST.search(text)
    if slow and not fast and measured > _SLOW_UPTO:
        return f'It says "{slow.group()}"; {measured:.0f} beats per minute were measured.'
    if fast and not slow and measured < _FAST_FROM:
        return f'It says "{fast.group()}"; {measured:.0f} beats per minute were measured.'
    return None


def _voice(text: str, values: Values) -> str | None:
    voice, instrumental = _number(values, "voice_probability"), _number(values, "instrumental_probability")
    without, found = _WITHOUT_VOICE.search(text), _VOICE.search(text)
    if without and voice is not None and voice >= _SURE:
        return f'It says "{without.group()}"; vocals were found with a probability of {voice:.2f}.'
    if found and not without and instrumental is not None and instrumental >= _SURE:
        return f'It says "{found.group()}"; the piece is instrumental with a probability of {instrumental:.2f}.'
    return None


def _drums(text: str, values: Values) -> str | None:
    mix, drums = _number(values, "lufs"), _number(values, "lufs_drums")
    without = _WITHOUT_DRUMS.search(text)
    if without and mix is not None and drums is not None and drums > mix - _AUDIBLE_LU:
        return f'It says "{without.group()}"; the drums have a loudness of {drums:.1f} LUFS.'
    return None


_CHECKS: Final[tuple[Callable[[str, Values], str | None], ...]] = (_tempo, _key, _pace, _voice, _drums)
