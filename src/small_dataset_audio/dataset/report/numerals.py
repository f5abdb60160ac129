"""Numbers as people read them."""

from typing import Final

from small_dataset_audio.dataset.declared import Declared

MINUS: Final = "\u2212"
_DECIMALS: Final = {"1/min": 1, "LUFS": 1, "LU": 1, "dBTP": 1, "dBFS": 1, "points": 1, "1/s": 2, "s": 3}
_SPOKEN: Final = {"1": "", "0/1": "", "1/min": "BPM", "pitch class": ""}
UNORDERED: Final = frozenset({"pitch class"})
"""Units of which no value is more than another."""
PITCH_CLASSES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_HUGE: Final = 100_000
_RAISED: Final = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")


def numeral(value: float, decimals: int | None = None) -> str:
    """Return ``value`` with so many decimals, or with about three significant digits; a real minus before what is negative."""
    if decimals is None:
        size = abs(value)
        if size and (size < 0.0005 or size >= _HUGE):  # noqa: PLR2004 - 0.000 would be read as nothing
            return _scientific(value)
        decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3  # noqa: PLR2004
    text = f"{value:,.{decimals}f}"
    return (MINUS + text[1:]) if text.startswith("-") and text.strip("-0.,") else text.removeprefix("-")


def _scientific(value: float) -> str:
    factor, _, power = f"{value:.2e}".partition("e")
    return f"{factor.replace('-', MINUS)}\u00d710{str(int(power)).translate(_RAISED)}"


def measured(value: float, declared: Declared | None) -> str:
    """Return a value as its unit calls for, without that unit."""
    if declared is None:
        return numeral(value)
    if declared.kind == "flag":
        return "yes" if value else "no"
    if declared.unit == "pitch class" and value in range(12):
        return PITCH_CLASSES[int(value)]
    return numeral(value, 0 if declared.kind == "int" else _DECIMALS.get(declared.unit))


def unit_of(declared: Declared | None) -> str:
    """Return the unit as it stands behind a value; "" for pure numbers."""
    return "" if declared is None else _SPOKEN.get(declared.unit, declared.unit)


def length(seconds: float) -> str:
    """Return a duration as a player shows it: ``4:05``, ``1:02:03``, and ``0:02.5`` for what is very short."""
    if seconds < 10:  # noqa: PLR2004 - tenths matter there
        return f"0:{seconds:04.1f}"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def total_length(seconds: float) -> str:
    """Return a long duration in words: ``3 h 12 min``, ``4 min 5 s``."""
    whole = round(seconds)
    if whole >= 3600:  # noqa: PLR2004
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"  # noqa: PLR2004


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def share(part: float) -> str:
    """Return a share as whole percent; what is small but not nothing as ``<1%``."""
    return "<1%" if 0 < part < 0.01 else f"{part:.0%}"  # noqa: PLR2004 - whole percent
