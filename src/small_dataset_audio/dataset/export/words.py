"""What a template can say about a recording: name -> text or number."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.export.names import readable
from small_dataset_audio.dataset.export.prompt import Word
from small_dataset_audio.dataset.export.strata import GENRE_LABELS, GENRE_TAGS, PARENT, likeliest, steady_tempo, texts
from small_dataset_audio.dataset.keys import key_name

CAPTIONS: Final = ("music_flamingo_short_full", "music_flamingo_full")
"""What {caption} stands for: the first of these that there is."""
MOOD_LABELS: Final = "essentia_mood"
INSTRUMENT_LABELS: Final = "essentia_instrument"
OWN_NAMES: Final = ("caption", "genres", "moods", "instruments", "key", "bpm", "artists", "year", "name", "song")
"""Names that a template may always use, whether or not an .INFO file has a value of that name."""
_MOST: Final = 3
_LEAST_OF_FIRST: Final = 0.5
"""Of labels, so many at most, and none less likely than this share of the likeliest."""


def words_of(entry: Entry, song: str) -> dict[str, Word]:
    """Return what is known of a track or crop of the song ``song``, by the name that a template uses for it.

    Every value in ``.INFO`` goes by its own name: texts and numbers as they are, lists of texts with commas between, label
    dictionaries as their likeliest labels. What is not known has no name here.
    """
    words: dict[str, Word] = {}
    for name, value in entry.values.items():
        word = _word(value)
        if word is not None and word != "":
            words[name] = word
    own = {
        "caption": next((text for name in CAPTIONS for text in texts(entry.values.get(name))), None),
        "genres": _listed(texts(entry.values.get(GENRE_TAGS))) or _labels(entry.values.get(GENRE_LABELS)),
        "moods": _labels(entry.values.get(MOOD_LABELS)),
        "instruments": _labels(entry.values.get(INSTRUMENT_LABELS)),
        "key": key_name(entry.values),
        "bpm": steady_tempo(entry),
        "artists": _listed(texts(entry.values.get("artists"))),
        "year": _word(entry.values.get("release_year")),
        "name": readable(entry.name),
        "song": readable(song),
    }
    words = {name: word for name, word in words.items() if name not in own}
    return words | {name: word for name, word in own.items() if word is not None and word != ""}


def known_names(entries: Iterable[Entry]) -> set[str]:
    """Return every name that a template may use for at least one of ``entries``, and its own names."""
    return {*OWN_NAMES, *(name for entry in entries for name in entry.values)}


def _word(value: Any) -> Word | None:  # noqa: ANN401 - whatever an .INFO file holds
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return _labels(value)
    return _listed(texts(value))


def _listed(found: list[str]) -> str | None:
    return ", ".join(found) or None


def _labels(labels: Any) -> str | None:  # noqa: ANN401 - whatever an .INFO file holds
    """Return the likeliest labels in words, genres without their parents."""
    ranked = likeliest(labels)
    chosen = [label for label, value in ranked[:_MOST] if value >= _LEAST_OF_FIRST * ranked[0][1]]
    return _listed(list(dict.fromkeys(label.split(PARENT)[-1] for label in chosen)))
