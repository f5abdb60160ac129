"""All that statistics tell of a library: every number, label and text, and how the numbers go together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.statistics.numbers import NumberSummary, summarise_number
from small_dataset_audio.dataset.statistics.relations import Relations, relate
from small_dataset_audio.dataset.statistics.selection import Selection, select
from small_dataset_audio.dataset.statistics.table import Table
from small_dataset_audio.dataset.statistics.words import (
    LabelSummary,
    TextSummary,
    summarise_labels,
    summarise_tags,
    summarise_text,
)


@dataclass(frozen=True)
class Statistics:
    """What a library is like.

    Attributes:
        table: the values that this was computed from.
        numbers: name -> what there is to tell of that number.
        labels: name -> of labels, and of lists without probabilities.
        texts: name -> of texts.
        relations: how the numbers go together.
        selection: which numbers are worth conditioning a generator on.
    """

    table: Table
    numbers: Mapping[str, NumberSummary]
    labels: Mapping[str, LabelSummary]
    texts: Mapping[str, TextSummary]
    relations: Relations
    selection: Selection

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``sda stats``."""
        return {
            "library": str(self.table.library),
            "unit": self.table.unit,
            "count": len(self.table.tracks),
            "problems": [{"track": track, **problem.as_dict()} for track, problem in self.table.problems.items()],
            "numbers": [one.as_dict() for one in self.numbers.values()],
            "labels": [one.as_dict() for one in self.labels.values()],
            "texts": [one.as_dict() for one in self.texts.values()],
            "relations": self.relations.as_dict(),
            "selection": self.selection.as_dict(),
        }


def summarise(table: Table, declared: Mapping[str, Declared], *, top: int = 5, wanted: int | None = None) -> Statistics:
    """Return what there is to tell of a library.

    Args:
        table: its values.
        declared: name -> declaration of every number that sda measures.
        top: how many of the highest and lowest tracks to name for each number.
        wanted: how many numbers to recommend; None for as many as are worth it.
    """
    numbers = {
        str(name): summarise_number(
            table.numbers[name], declared.get(str(name)), table.absent.get(str(name), {}), top=top
        )
        for name in table.numbers.columns
    }
    labels = [summarise_labels(name, tracks) for name, tracks in table.labels.items()]
    labels += [summarise_tags(name, tracks) for name, tracks in table.tags.items()]
    relations = relate(table, numbers)
    return Statistics(
        table=table,
        numbers=numbers,
        labels={one.name: one for one in labels},
        texts={name: summarise_text(name, tracks) for name, tracks in table.texts.items()},
        relations=relations,
        selection=select(table, numbers, relations, wanted=wanted),
    )
