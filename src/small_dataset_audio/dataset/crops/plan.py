"""Where a recording is cut: pure functions on places in it, counted in samples.

Two rules, each a chain of crops from the start of the recording to its end:

- `sequential`: every crop has exactly the target's length. The next one begins at the first zero crossing behind it, or,
  where the wave does not cross zero within `REACH_SECONDS`, right behind it.
- `beat_aligned`: a crop ends at the last downbeat within the target's length. Ends move by up to `LOOP_SECONDS` to a zero
  crossing, measured against the distance of the two downbeats, so that a crop of whole bars loops in time.

Neither makes a crop that is shorter than `LEAST_SHARE` of the target, or longer than the target. Without ``overlap`` crops
follow each other: at most `REACH_SECONDS` of sound lie between one and the next, and none belongs to two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Final, Protocol

LEAST_SHARE: Final = 0.75
"""Of the target's length: a shorter rest is left out."""
LOOP_SECONDS: Final = 0.0005
"""How far the length of a crop may be from that of its bars."""
REACH_SECONDS: Final = 0.01
"""How far behind its place a crop may begin: half a period at 50 Hz."""
END_SECONDS: Final = 0.025
"""How near the end of a recording has to be to the next downbeat to count as one: a loop ends with its last bar."""
FOUR: Final = 4


class Crossings(Protocol):
    """Where the wave crosses zero; both answers are None where it does not."""

    def first(self, low: int, high: int) -> int | None:
        """Return the first crossing in ``low..high``."""

    def nearest(self, place: int, low: int, high: int) -> int | None:
        """Return the crossing in ``low..high`` that is nearest to ``place``."""


@dataclass(frozen=True)
class Rules:
    """How long crops are, in samples.

    Attributes:
        target: the longest crop.
        rate: samples per second.
        overlap: each crop begins halfway through the one before.
        four_bars: only whole bars, their number divisible by four.
    """

    target: int
    rate: int
    overlap: bool = False
    four_bars: bool = False

    @property
    def least(self) -> int:
        """The shortest crop."""
        return ceil(LEAST_SHARE * self.target)

    @property
    def slack(self) -> int:
        """Samples by which a crop's length may differ from that of its bars."""
        return int(LOOP_SECONDS * self.rate)

    @property
    def reach(self) -> int:
        """Samples behind its place in which a crop may begin."""
        return int(REACH_SECONDS * self.rate)


@dataclass(frozen=True)
class Span:
    """One crop: samples ``start`` to ``stop``, the latter left out.

    Attributes:
        start: its first sample.
        stop: the one behind its last.
        first: index of the downbeat that it begins on, None where it begins elsewhere.
        last: index of the downbeat that it ends on.
    """

    start: int
    stop: int
    first: int | None = None
    last: int | None = None

    @property
    def length(self) -> int:
        """Its samples."""
        return self.stop - self.start

    @property
    def bars(self) -> int | None:
        """How many whole bars it is; None where one of its ends is no downbeat."""
        return None if self.first is None or self.last is None else self.last - self.first


def sequential(length: int, rules: Rules, crossings: Crossings) -> list[Span]:
    """Return crops of exactly the target's length; the last one may be shorter.

    Args:
        length: samples of the recording.
        rules: how long crops are.
        crossings: where they may begin.
    """
    spans: list[Span] = []
    start = 0
    while length - start >= rules.least:
        stop = min(start + rules.target, length)
        spans.append(Span(start, stop))
        begin = start + max(rules.target // 2, 1) if rules.overlap else stop
        start = _behind(begin, begin + rules.reach, crossings)
        if stop == length:
            break
    return spans


def beat_aligned(length: int, downbeats: Sequence[int], rules: Rules, crossings: Crossings) -> list[Span]:
    """Return crops that begin and end on downbeats, as far as these allow.

    The first begins with the recording, unless all have to be whole bars (``four_bars``). Where no downbeat lies within the
    allowed lengths, a crop has the target's length and the next one finds a downbeat to end on; with ``four_bars``, bars
    are left out until four of them fit.

    Args:
        length: samples of the recording.
        downbeats: their places, ascending.
        rules: how long crops are.
        crossings: where they may begin and end.
    """
    return list(_Aligned(length, framed(downbeats, length, rules), rules, crossings).spans())


def framed(downbeats: Sequence[int], length: int, rules: Rules) -> list[int]:
    """Return the downbeats in a recording; its ends count as downbeats where they are as good as one."""
    places = [place for place in downbeats if 0 <= place < length]
    if places and places[0] <= rules.reach:
        places[0] = 0
    if len(places) > 1 and abs(2 * places[-1] - places[-2] - length) <= END_SECONDS * rules.rate:
        places.append(length)
    return places


@dataclass(frozen=True)
class _Begin:
    """Where a crop begins: its sample, and the downbeat that this stands for."""

    start: int
    index: int | None


@dataclass(frozen=True)
class _Aligned:
    length: int
    downbeats: Sequence[int]
    rules: Rules
    crossings: Crossings

    def spans(self) -> Iterator[Span]:
        """Yield the crops on bar lines, in order."""
        begin = self._first()
        while begin is not None:
            span = self._span(begin)
            if span is not None:
                yield span
                begin = None if span.stop >= self.length else self._next(span)
            elif self.rules.four_bars and begin.index is not None:
                begin = self._on(begin.index + 1, begin.start)
            else:
                return

    def _first(self) -> _Begin | None:
        first = self.downbeats[0] if self.downbeats else None
        if self.rules.four_bars:
            return None if first is None else _Begin(first, 0)
        return _Begin(0, 0 if first == 0 else None)

    def _span(self, begin: _Begin) -> Span | None:
        """Return the crop that begins there; None where there is none."""
        last = self._last(begin)
        if last is not None:
            short = self._exact(begin, last) - self.rules.slack > self.length  # it began too late to be a whole loop
            stop = self.length if short else self._stop(begin, last)
            return Span(begin.start, stop, begin.index, None if short else last)
        if self.rules.four_bars:
            return None
        stop = min(begin.start + self.rules.target, self.length)
        return Span(begin.start, stop, begin.index) if stop - begin.start >= self.rules.least else None

    def _last(self, begin: _Begin) -> int | None:
        """Return the last downbeat that the crop may end on."""
        if self.length - begin.start < self.rules.least:
            return None
        origin = self._origin(begin)
        end = (
            self.length + self.rules.slack
            if self.rules.four_bars
            else self.length + self.rules.reach + self.rules.slack
        )
        fitting = [
            index
            for index, place in enumerate(self.downbeats)
            if self.rules.least <= place - origin <= self.rules.target
            and begin.start + place - origin <= end
            and (not self.rules.four_bars or (begin.index is not None and (index - begin.index) % FOUR == 0))
        ]
        return fitting[-1] if fitting else None

    def _origin(self, begin: _Begin) -> int:
        return begin.start if begin.index is None else self.downbeats[begin.index]

    def _exact(self, begin: _Begin, last: int) -> int:
        return begin.start + self.downbeats[last] - self._origin(begin)

    def _stop(self, begin: _Begin, last: int) -> int:
        """Return where the crop ends: as far from its start as the downbeats are from each other, give or take `slack`."""
        place, exact = self.downbeats[last], self._exact(begin, last)
        low = max(exact - self.rules.slack, begin.start + self.rules.least)
        high = min(exact + self.rules.slack, begin.start + self.rules.target, self.length)
        high = max(low, min(high, place + self.rules.reach))  # or many crops could drift away from their downbeats
        found = self.crossings.nearest(place, low, high)
        return min(max(place, low), high) if found is None else found

    def _next(self, span: Span) -> _Begin | None:
        """Return where the crop behind ``span`` begins."""
        if not self.rules.overlap:
            if span.last is not None:
                return self._on(span.last, span.stop)
            return _Begin(_behind(span.stop, span.stop + self.rules.reach, self.crossings), None)
        middle = span.start + span.length // 2
        inside = [i for i, place in enumerate(self.downbeats) if span.start + self.rules.reach < place < span.stop]
        if span.last is not None:
            inside = [index for index in inside if index < span.last]
        if inside:
            return self._on(min(inside, key=lambda index: abs(self.downbeats[index] - middle)), span.start + 1)
        return _Begin(_behind(middle, middle + self.rules.reach, self.crossings), None)

    def _on(self, index: int, earliest: int) -> _Begin | None:
        """Return the begin on a downbeat, or a little behind it; None behind the last one."""
        if index >= len(self.downbeats):
            return None
        place = self.downbeats[index]
        low = max(earliest, place - self.rules.slack)
        return _Begin(_behind(low, place + self.rules.reach, self.crossings, place), index)


def _behind(low: int, high: int, crossings: Crossings, place: int | None = None) -> int:
    """Return the first crossing in ``low..high``; where there is none, ``place`` or what is behind it."""
    found = crossings.first(low, max(low, high))
    return max(low, low if place is None else place) if found is None else found


def covered(spans: Sequence[Span]) -> int:
    """Return how many samples belong to a crop."""
    doubled = sum(max(0, before.stop - after.start) for before, after in pairwise(spans))
    return sum(span.length for span in spans) - doubled
