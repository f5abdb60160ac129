"""Which songs a trainer learns from, and which it is tested on.

A song lies in one of the two as a whole, and so do songs that must stay together because they are nearly the same: what is
tested on would otherwise have been heard in training. Validation is filled one such unit after the other, each time with the
one that brings every attribute (tempo class, scale, genre ...) nearest to its share: the idea of iterative stratification
(Sechidis, Tsoumakas & Vlahavas 2011), greedy on the squared distances.

Ties are broken by a hash of the seed and the names, so that the answer depends on nothing else: not on the order of the
names, the machine, or the version of Python.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal

from small_dataset_audio.dataset.similar.pairs import grouped

Split = Literal["train", "validation"]
SPLITS: Final[tuple[Split, ...]] = ("train", "validation")

_Unit = tuple[str, ...]


def split(
    names: Iterable[str],
    strata: Mapping[str, Sequence[str]],
    groups: Iterable[Collection[str]],
    share: float,
    seed: int,
) -> dict[str, Split]:
    """Return name -> "train" or "validation", in the order of ``names``.

    Where ``share`` is above 0 and there are two units or more, both get at least one.

    Args:
        names: the songs.
        strata: song -> its attributes, such as ``("tempo: fast", "scale: minor")``. Songs without any may be missing.
        groups: songs that stay together; songs that are not among ``names`` are ignored, groups that overlap are joined.
        share: how much of the songs goes into validation, from 0 to 1.
        seed: another one gives another split.
    """
    listed = list(dict.fromkeys(names))
    units = sorted(_units(listed, groups), key=lambda unit: (_rank(unit, seed), unit))
    chosen = _chosen(units, strata, len(listed), share) if share > 0 else set()
    return {name: "validation" if name in chosen else "train" for name in listed}


def _units(names: Sequence[str], groups: Iterable[Collection[str]]) -> list[_Unit]:
    """Return the songs, those that stay together as one: the connected components of ``groups``."""
    known = set(names)
    present = [sorted(known.intersection(group)) for group in groups]
    links = [(group[0], other) for group in present for other in group[1:]]
    return [tuple(sorted(unit)) for unit in grouped(names, links)]


def _rank(unit: _Unit, seed: int) -> str:
    return hashlib.sha256(b"\0".join(map(os.fsencode, (str(seed), *unit)))).hexdigest()


def _chosen(units: Sequence[_Unit], strata: Mapping[str, Sequence[str]], count: int, share: float) -> set[str]:
    """Return the songs of validation, taken from ``units`` in their order where nothing else decides."""
    size = max(1, round(share * count))
    attributes = {unit: Counter(one for name in unit for one in strata.get(name, ())) for unit in units}
    wanted = {one: share * total for one, total in sum(attributes.values(), Counter[str]()).items()}
    taken: list[_Unit] = []
    songs = 0
    held: Counter[str] = Counter()
    left = list(units)
    while fitting := [unit for unit in left if songs + len(unit) <= size and len(left) > 1]:
        best = min(fitting, key=lambda unit: _distance(held, attributes[unit], wanted) / len(unit))
        taken.append(best)
        left.remove(best)
        songs += len(best)
        held += attributes[best]
    if not taken and len(units) > 1:
        taken = [min(units, key=len)]
    return {name for unit in taken for name in unit}


def _distance(held: Mapping[str, int], added: Mapping[str, int], wanted: Mapping[str, float]) -> float:
    """Return by how much ``added`` moves the attributes away from what is wanted (chi-squared); negative is nearer."""
    moved = 0.0
    for one, more in added.items():
        lack = wanted[one] - held.get(one, 0)
        moved += more * (more - 2 * lack) / wanted[one]
    return moved
