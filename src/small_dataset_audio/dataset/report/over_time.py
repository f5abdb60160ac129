"""How a track changes over time, as its page draws it: curves, and the strength of the twelve pitch classes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.dataset.report.drawing.draw import STEPS
from small_dataset_audio.dataset.series import Series

CHROMA: Final = "chroma"
"""The series with a column for each pitch class, C first."""
_POWER: Final = "band_power"
_BANDS: Final = ("bass", "body", "mid", "air")
"""The columns of the series of powers, in the words of the numbers ``rms_energy_...``."""
_COUNTED: Final = frozenset({"beats", "downbeats", "onsets"})
"""Series that only count what the picture shows one by one."""
_UNITS: Final = {"lufs": "LUFS", "onset_strength": "1: the track's mean"}
_POINTS: Final = 400
_DIGITS: Final = 4
_SILENCE: Final = 1e-8
"""Power, 80 dB under full scale, below which nothing is heard: no level is told there."""


@dataclass(frozen=True)
class Curve:
    """One number over time.

    Attributes:
        name: in words.
        unit: "" where it has none.
        values: at equal steps over the recording; None where there is none.
    """

    name: str
    unit: str
    values: tuple[float | None, ...]


def curves_of(series: Series) -> list[Curve]:
    """Return the curves, in so many points that they can be seen; of the powers the level of each band."""
    made = []
    for name, values in series.values.items():
        if not values.size or name in _COUNTED:
            continue
        if name == _POWER and values.ndim == 2 and values.shape[1] == len(_BANDS):  # noqa: PLR2004 - a column per band
            made += [
                Curve(f"level, {band}", "dBFS", tuple(map(_level, _fewer(column))))
                for band, column in zip(_BANDS, values.T, strict=True)
            ]
        elif values.ndim == 1:
            made.append(Curve(name.replace("_", " "), _UNITS.get(name, ""), tuple(map(_short, _fewer(values)))))
    return made


def chroma_of(series: Series) -> list[str]:
    """Return the strength of each pitch class over time, a letter of `STEPS` a step, C first; [] where it was not measured."""
    values = series.values.get(CHROMA)
    if values is None or values.ndim != 2 or not values.size:  # noqa: PLR2004 - steps and pitch classes
        return []
    return ["".join(STEPS[step] for step in _steps(_fewer(column))) for column in values.T]


def _steps(strengths: NDArray[np.float64]) -> list[int]:
    whole = np.nan_to_num(strengths).clip(0, 1) * (len(STEPS) - 1)
    return [int(step) for step in whole.round()]


def _fewer(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the means of up to `_POINTS` equal parts; NaN where a part holds no number."""
    count = min(values.size, _POINTS)
    starts = np.arange(count) * values.size // count
    known = np.isfinite(values)
    many = np.add.reduceat(known.astype(np.float64), starts)
    total = np.add.reduceat(np.where(known, values, 0).astype(np.float64), starts)
    return np.asarray(np.divide(total, many, out=np.full(count, np.nan), where=many > 0))


def _short(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None


def _level(power: float) -> float | None:
    return _short(10 * np.log10(power)) if power > _SILENCE else None
