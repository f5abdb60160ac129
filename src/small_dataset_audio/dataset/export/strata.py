"""What a song is like, coarsely: a split keeps the mixture of these in training and in validation."""

from typing import Any, Final

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.keys import key_of

GENRE_LABELS: Final = "essentia_genre"
GENRE_TAGS: Final = "genres"
PARENT: Final = "---"
"""Stands between a genre of Discogs and its styles."""
_SLOW_BELOW: Final = 90.0
_FAST_ABOVE: Final = 130.0
"""Beats per minute: ballads and hip-hop below, house between, techno and drum and bass above."""


def strata_of(entry: Entry) -> tuple[str, ...]:
    """Return the attributes of a song by which a split is balanced: tempo class, scale and genre, as far as they are known."""
    found = {"tempo": tempo_class(entry), "scale": _scale(entry), "genre": _genre(entry)}
    return tuple(f"{name}: {value}" for name, value in found.items() if value is not None)


def steady_tempo(entry: Entry) -> float | None:
    """Return the tempo, None where there is none or the beats are too few or too uneven for one to be meant."""
    return entry.number("bpm") if entry.number("bpm_is_defined") != 0 else None


def tempo_class(entry: Entry) -> str | None:
    """Return ``slow``, ``medium`` or ``fast``; None without a steady tempo."""
    tempo = steady_tempo(entry)
    if tempo is None:
        return None
    return "slow" if tempo < _SLOW_BELOW else "fast" if tempo > _FAST_ABOVE else "medium"


def likeliest(labels: Any) -> list[tuple[str, float]]:  # noqa: ANN401 - whatever an .INFO file holds
    """Return the labels of a dictionary with their probabilities, the likeliest first; nothing where it is no such dictionary."""
    if not isinstance(labels, dict):
        return []
    numbers = {label: value for label, value in labels.items() if isinstance(value, int | float)}
    return sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))


def texts(value: Any) -> list[str]:  # noqa: ANN401 - whatever an .INFO file holds
    """Return a text or a list of texts as a list, without those that are empty; nothing of anything else."""
    listed = value if isinstance(value, list) else [value]
    return [one.strip() for one in listed if isinstance(one, str) and one.strip()]


def _scale(entry: Entry) -> str | None:
    key = key_of(entry.values)
    return None if key is None else key[1]


def _genre(entry: Entry) -> str | None:
    tags = texts(entry.values.get(GENRE_TAGS))
    labels = likeliest(entry.values.get(GENRE_LABELS))
    return tags[0].lower() if tags else labels[0][0].split(PARENT)[0].lower() if labels else None
