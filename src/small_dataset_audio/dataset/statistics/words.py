"""Labels, lists and texts over all tracks: which there are, and how often."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Final

_SHORT: Final = 60
"""Characters of a text that may be one of few values; captions are longer."""
_FEW: Final = 12
"""So many values are few, even if each comes once."""


@dataclass(frozen=True)
class LabelCount:
    """How often one label is given.

    Attributes:
        label: the label.
        tracks: tracks that list it.
        mean: its mean probability on these; None where there are no probabilities.
        strongest: tracks whose most probable label it is; None as above.
    """

    label: str
    tracks: int
    mean: float | None = None
    strongest: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        shape: dict[str, Any] = {"label": self.label, "tracks": self.tracks}
        if self.mean is not None:
            shape |= {"mean_probability": self.mean, "strongest": self.strongest}
        return shape


@dataclass(frozen=True)
class LabelSummary:
    """One set of labels, or one list, over all tracks.

    Attributes:
        name: its name in ``.INFO``.
        count: tracks that have it.
        labels: the labels, the most frequent first.
    """

    name: str
    count: int
    labels: tuple[LabelCount, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"name": self.name, "count": self.count, "labels": [one.as_dict() for one in self.labels]}


@dataclass(frozen=True)
class TextSummary:
    """One text over all tracks.

    Attributes:
        name: its name in ``.INFO``.
        count: tracks that have it.
        different: how many different texts there are.
        words: the least, the median and the greatest number of words.
        values: text -> tracks that have it, the most frequent first, of short texts that are few or come more than once.
    """

    name: str
    count: int
    different: int
    words: tuple[int, float, int]
    values: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        least, middle, most = self.words
        return {
            "name": self.name,
            "count": self.count,
            "different": self.different,
            "words": {"min": least, "median": middle, "max": most},
            "values": [{"text": text, "tracks": tracks} for text, tracks in self.values.items()],
        }


def summarise_labels(name: str, tracks: Mapping[str, Mapping[str, float]]) -> LabelSummary:
    """Return what there is to tell of labels with probabilities.

    Args:
        name: their name.
        tracks: track -> label -> probability.
    """
    given: dict[str, list[float]] = {}
    strongest: Counter[str] = Counter()
    for labels in tracks.values():
        for label, probability in labels.items():
            given.setdefault(label, []).append(probability)
        strongest[max(labels, key=lambda label: (labels[label], label))] += 1
    counts = [LabelCount(label, len(found), fmean(found), strongest[label]) for label, found in given.items()]
    return LabelSummary(name, len(tracks), tuple(sorted(counts, key=_most_first)))


def summarise_tags(name: str, tracks: Mapping[str, tuple[str, ...]]) -> LabelSummary:
    """Return what there is to tell of lists of words, such as genres from the tags of a file."""
    given = Counter(tag for tags in tracks.values() for tag in tags)
    counts = [LabelCount(tag, found) for tag, found in given.items()]
    return LabelSummary(name, len(tracks), tuple(sorted(counts, key=_most_first)))


def _most_first(count: LabelCount) -> tuple[int, float, str]:
    return (-count.tracks, -(count.mean or 0.0), count.label)


def summarise_text(name: str, tracks: Mapping[str, str]) -> TextSummary:
    """Return what there is to tell of a text."""
    often = Counter(tracks.values())
    lengths = [len(text.split()) for text in tracks.values()]
    ranked = sorted(often.items(), key=lambda pair: (-pair[1], pair[0]))
    listed = (len(often) < len(tracks) or len(often) <= _FEW) and all(len(text) <= _SHORT for text in often)
    values = dict(ranked) if listed else {}
    return TextSummary(name, len(tracks), len(often), (min(lengths), median(lengths), max(lengths)), values)
