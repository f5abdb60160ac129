"""The numbers that a generator is told: which, in which ranges, and what stands for each recording.

The trainer stops if an id that it conditions on is missing for a single recording, and sda never invents a value. So a number
that some recording lacks is conditioned on for none; or, where the user has named it, that recording is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.export.items import Gathered, Item
from small_dataset_audio.dataset.export.names import did_you_mean
from small_dataset_audio.errors import StoreError, UsageError

MOST_CLASSES: Final = 128
"""A whole number with more values than this is conditioned on as a ``number``: ``int`` learns each value on its own, which no
small data set has enough of."""
UNTOLD: Final = "no stage said why"


@dataclass(frozen=True)
class Lacking:
    """A number that is not conditioned on, because recordings lack it.

    Attributes:
        name: its name.
        files: how many recordings lack it.
        example: one of these.
        reason: why it is absent there.
    """

    name: str
    files: int
    example: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"name": self.name, "files": self.files, "example": self.example, "reason": self.reason}


@dataclass(frozen=True)
class Conditioning:
    """What recordings are conditioned on.

    Attributes:
        numbers: the declarations of the numbers, in their order.
        whole: names of those that are conditioned on as ``int``.
        lacking: numbers that some recordings have, and others not.
    """

    numbers: tuple[Declared, ...] = ()
    whole: frozenset[str] = frozenset()
    lacking: tuple[Lacking, ...] = ()

    def values(self, entry: Entry) -> tuple[dict[str, float], dict[str, float]]:
        """Return id -> what the trainer gets, and id -> what was measured where that lies outside the range."""
        told: dict[str, float] = {}
        clipped: dict[str, float] = {}
        for one in self.numbers:
            measured = entry.number(one.name)
            if measured is None:  # `choose` has seen to it
                raise KeyError(one.name)
            inside = min(max(measured, one.low), one.high)
            told[one.name] = int(inside) if one.name in self.whole else float(inside)
            if inside != measured:
                clipped[one.name] = measured
        return told, clipped

    def configs(self) -> list[dict[str, Any]]:
        """Return the conditioners of the numbers as a model config holds them."""
        return [self._config(one) for one in self.numbers]

    def _config(self, one: Declared) -> dict[str, Any]:
        whole = one.name in self.whole
        ends = (
            {"min_val": int(one.low), "max_val": int(one.high)} if whole else {"min_val": one.low, "max_val": one.high}
        )
        return {"id": one.name, "type": "int" if whole else "number", "config": ends}


def require_declared(names: Iterable[str], declared: Mapping[str, Declared]) -> None:
    """Return if all ``names`` are declared.

    Raises:
        UsageError: one is not.
    """
    for name in names:
        if name not in declared:
            raise UsageError(
                f"There is no number named {name!r} to condition on.",
                "The catalog does not list it.",
                f"{did_you_mean(name, declared)}`sda features` lists all {len(declared)}.",
            )


def leave_out_unmeasured(gathered: Gathered, declared: Mapping[str, Declared], named: Sequence[str] | None) -> None:
    """Take out what cannot be conditioned on as it was asked for.

    That is what lacks a number that was ``named``; where none was, what has no number at all, if others have some.
    """
    if named is None:
        bare = [item for item in gathered.items if not any(item.entry.number(name) is not None for name in declared)]
        if len(bare) < len(gathered.items):
            for item in bare:
                gathered.leave_out(item, _not_measured(item))
        return
    for item in list(gathered.items):
        absent = [name for name in named if item.entry.number(name) is None]
        if absent:
            gathered.leave_out(item, _lacks(item, absent), failed=False)


def choose(items: Sequence[Item], declared: Mapping[str, Declared], named: Sequence[str] | None) -> Conditioning:
    """Return what ``items`` are conditioned on: the numbers that were ``named``, else all that every one of them has."""
    numbers: list[Declared] = []
    lacking: list[Lacking] = []
    for one in declared.values():
        if named is not None and one.name not in named:
            continue
        without = [item for item in items if item.entry.number(one.name) is None]
        if not without:
            numbers.append(one)
        elif len(without) < len(items):
            first = without[0]
            reason = first.entry.why_absent(one.name) or UNTOLD
            lacking.append(Lacking(one.name, len(without), first.name, reason))
    return Conditioning(tuple(numbers), _whole(items, numbers), tuple(lacking))


def _whole(items: Sequence[Item], numbers: Iterable[Declared]) -> frozenset[str]:
    """Return which numbers are classes: whole, from 0 (the trainer's ``int`` does not shift them) and not too many."""
    return frozenset(
        one.name
        for one in numbers
        if one.kind != "float"
        and one.low == 0
        and one.high < MOST_CLASSES
        and all((item.entry.number(one.name) or 0.0).is_integer() for item in items)
    )


def _not_measured(item: Item) -> StoreError:
    return StoreError(
        f"Nothing is measured on {item.name}.",
        "Its .INFO file holds none of the numbers that the others have, so it could not be conditioned on like them.",
        "Measure it with `sda run`, then export again.",
    )


def _lacks(item: Item, absent: Sequence[str]) -> StoreError:
    reason = item.entry.why_absent(absent[0]) or UNTOLD
    return StoreError(
        f"{item.name} has no {' and no '.join(absent)}.",
        f"It was asked for with --features, and a value is never invented ({absent[0]}: {reason}).",
        "Measure it with `sda run`, or leave that name out of --features.",
    )
