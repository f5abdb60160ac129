"""How musicians spell the keys that ``tonic`` and ``tonic_scale`` of an ``.INFO`` file hold."""

from collections.abc import Mapping
from typing import Final

MAJOR_KEYS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_KEYS: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""The tonics 0..11: by the key signature with the fewer accidentals."""
MAJOR, MINOR = "major", "minor"


def key_of(info: Mapping[str, object]) -> tuple[int, str] | None:
    """Return (tonic 0..11, ``major`` or ``minor``) that ``.INFO`` holds; None where no key was measured."""
    tonic, scale = info.get("tonic"), info.get("tonic_scale")
    if not isinstance(tonic, int | float) or not isinstance(scale, str):
        return None
    return (int(tonic), scale) if tonic in range(12) and scale in {MAJOR, MINOR} else None


def spelled(tonic: int, scale: str) -> str:
    """Return a key as musicians write it, such as ``D minor``."""
    return f"{(MINOR_KEYS if scale == MINOR else MAJOR_KEYS)[tonic]} {scale}"


def key_name(info: Mapping[str, object]) -> str | None:
    """Return the key that ``.INFO`` holds, such as ``D minor``; None where it was not measured."""
    key = key_of(info)
    return None if key is None else spelled(*key)
