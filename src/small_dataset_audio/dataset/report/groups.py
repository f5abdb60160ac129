"""How numbers are put together on the pages."""

from collections.abc import Iterable, Mapping
from typing import Final

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.report.markup import Html, code, joined

GROUPS: Final = {
    "rhythm": "Rhythm", "loudness": "Loudness", "spectral": "Spectrum", "harmonic": "Pitch and harmony", "timbre": "Timbre",
    "labels": "Probabilities", "aesthetics": "Aesthetics", "drums": "Drums", "crop": "Crops", "added": "Added by packages",
}  # fmt: skip
"""Group -> its heading, in the order of the pages."""
OTHERS: Final = "Other numbers"
SERIES: Final = {"chroma": "Chroma", "hpcp": "Harmonic pitch classes", "tiv": "Tonal interval vector"}
"""Numbers of which there are twelve, which say something only together -> what they are called."""


def series_of(name: str) -> str | None:
    """Return the series that a number belongs to; None for one that stands for itself."""
    prefix, _, index = name.rpartition("_")
    return prefix if prefix in SERIES and index.isdigit() else None


def grouped(names: Iterable[str], declared: Mapping[str, Declared]) -> dict[str, list[str]]:
    """Return heading -> names of numbers, in the order of the pages; those that are not declared come last."""
    found: dict[str, list[str]] = {heading: [] for heading in (*GROUPS.values(), OTHERS)}
    for name in names:
        feature = declared.get(name)
        heading = OTHERS if feature is None else GROUPS.get(feature.group, feature.group)
        found.setdefault(heading, []).append(name)
    return {heading: them for heading, them in found.items() if them}


def listed(names: Iterable[str]) -> Html:
    """Return the names in a row; of a whole series only the first and the last."""
    single, series = apart(names)
    ends = (joined((code(them[0]), code(them[-1])), " to ") for them in series.values())
    return joined([*map(code, single), *ends], ", ")


def apart(names: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names that stand for themselves, and series -> its names."""
    single: list[str] = []
    series: dict[str, list[str]] = {}
    for name in names:
        prefix = series_of(name)
        (single if prefix is None else series.setdefault(prefix, [])).append(name)
    return single, series
