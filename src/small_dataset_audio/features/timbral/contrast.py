"""Peaks that stand out against what lies between them.

A local maximum counts when the values fall by at least a given contrast on either side of it before they rise above it: small
ripples on a slope or on a summit are no peaks. The rule is that of the MIR toolbox (Lartillot & Toiviainen 2007, ``mirpeaks``); many
spectra are searched at once. Two traits of the reference's version are part of the model and kept: a valley is looked for from one maximum
up to two bins before the next one, and the ends of a spectrum count as deep valleys.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Maxima:
    """Local maxima of several spectra, by row and then by bin; every array ``[shape=(maxima,)]``.

    Attributes:
        row: the spectrum it is in.
        bin: where it is.
        height: its value.
        left: the value one bin below.
        right: the value one bin above.
        valley: the lowest value since the maximum before it; minus infinity for the first one of a row.
    """

    row: Indices
    bin: Indices
    height: Values
    left: Values
    right: Values
    valley: Values

    @classmethod
    def joined(cls, parts: "list[Maxima]") -> "Maxima":
        """Return the maxima of all ``parts``, whose rows ascend."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def only(self, chosen: NDArray[np.bool_] | Indices) -> "Maxima":
        """Return the ``chosen`` ones; their valleys stay as they are."""
        return Maxima(*(getattr(self, field.name)[chosen] for field in fields(self)))


def local_maxima(spectra: Values, floor: float, first_row: int = 0) -> Maxima:
    """Return the local maxima of at least ``floor`` of each row of ``spectra`` ``[shape=(rows, bins)]``.

    On a level stretch the first bin is the maximum. The first and last bin can be one.
    """
    rising = np.empty(spectra.shape, dtype=np.bool_)
    rising[:, 0] = True
    np.greater(spectra[:, 1:], spectra[:, :-1], out=rising[:, 1:])
    top = spectra >= floor
    top &= rising
    top[:, :-1] &= ~rising[:, 1:]
    at = np.flatnonzero(top)
    row, bin_ = np.divmod(at, spectra.shape[1])
    flat = spectra.reshape(-1)
    valley = np.full(at.shape, -np.inf, dtype=spectra.dtype)
    if at.size > 1:
        cuts = np.stack([at[:-1], at[1:] - 1], axis=1).reshape(-1)
        valley[1:] = np.minimum.reduceat(flat, cuts)[::2]
        valley[1:][row[1:] != row[:-1]] = -np.inf
    right = flat[np.minimum(at + 1, flat.shape[0] - 1)]
    return Maxima(row + first_row, bin_, flat[at], flat[at - 1], right, valley)


def contrasting(maxima: Maxima, contrast: float) -> Maxima:
    """Return the maxima that stand out by ``contrast`` against the valleys on both sides.

    All rows are walked at once, one maximum per step; rows are in order of how many they have, so that those still on their way
    are the first ones.
    """
    count = maxima.row.shape[0]
    if not count:
        return maxima
    begin = np.flatnonzero(np.append(True, maxima.row[1:] != maxima.row[:-1]))
    length = np.diff(np.append(begin, count))
    order = np.argsort(-length, kind="stable")
    begin, length = begin[order], length[order]
    chosen = np.zeros(count, dtype=np.bool_)
    best = begin.copy()
    height = maxima.height[begin]
    before = np.full(begin.shape, -np.inf, dtype=height.dtype)
    since = np.full(begin.shape, np.inf, dtype=height.dtype)
    for step in range(1, int(length[0])):
        rows = slice(0, int(np.searchsorted(-length, -step)))
        here = begin[rows] + step
        now = maxima.height[here]
        lowest = np.minimum(since[rows], maxima.valley[here])
        apart = height[rows] - lowest >= contrast
        stands = apart & (height[rows] - before[rows] >= contrast)
        chosen[best[rows][stands]] = True
        before[rows] = np.where(stands, lowest, np.minimum(before[rows], lowest))
        taken = apart | (now > height[rows])
        best[rows][taken] = here[taken]
        height[rows][taken] = now[taken]
        lowest[taken] = np.inf
        since[rows] = lowest
    chosen[best[height - before >= contrast]] = True
    return maxima.only(chosen)


def interpolated(maxima: Maxima, last_bin: int) -> tuple[NDArray[np.float64], Values]:
    """Return place in bins and height of each maximum by a parabola through its neighbours; those at the ends stay."""
    inside = (maxima.bin > 0) & (maxima.bin < last_bin)
    rise = np.where(inside, maxima.right - maxima.left, 0.0)
    bend = np.where(inside, 2.0 * maxima.height - maxima.right - maxima.left, 1.0)
    offset = rise / (2.0 * bend)
    height = maxima.height + 0.25 * rise * offset
    return maxima.bin + offset, height.astype(maxima.height.dtype)
