"""When the processor and the accelerator were at work in a run: whether one waited for the other."""

from collections.abc import Sequence
from typing import Any, Final

LANES: Final = ("processor", "accelerator")
COLUMNS: Final = 60
"""Characters of the picture of a run."""
IDLE, PARTLY, BUSY = ".", "-", "#"
"""Of the time that a character stands for, the lane works in none, in some, in all but a hundredth."""
_ALL: Final = 0.99

Span = tuple[float, float]


class Timeline:
    """The spans of time in which steps were carried out, by lane; seconds since the run began."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Span]] = {lane: [] for lane in LANES}

    def add(self, lane: str, begin: float, end: float) -> None:
        """Take in one step."""
        self._spans[lane].append((max(0.0, begin), max(0.0, end)))

    def as_dict(self) -> dict[str, Any]:
        """Return how busy the lanes were, and together how long.

        For each lane: ``work_seconds``, of all its processes together, ``busy_seconds``, in which at least one of them worked,
        and a ``picture`` of the run from its beginning to the end of its last step. ``overlap_seconds`` is the time in which both
        lanes worked, and ``overlap`` its share in the time of the lane that worked less; None where one of them did nothing.
        """
        united = {lane: union(spans) for lane, spans in self._spans.items()}
        end = max((stop for spans in united.values() for _, stop in spans), default=0.0)
        busy = {lane: _length(spans) for lane, spans in united.items()}
        both = _length(common(*(united[lane] for lane in LANES)))
        least = min(busy.values())
        return {
            **{
                lane: {
                    "work_seconds": round(_length(self._spans[lane]), 3),
                    "busy_seconds": round(busy[lane], 3),
                    "picture": picture(united[lane], end),
                }
                for lane in LANES
            },
            "overlap_seconds": round(both, 3),
            "overlap": round(both / least, 3) if least > 0.0 else None,
        }


def union(spans: Sequence[Span]) -> list[Span]:
    """Return the time that lies in any of ``spans``, ascending and without touching."""
    joined: list[Span] = []
    for begin, end in sorted(span for span in spans if span[1] > span[0]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def common(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """Return the time that lies in both of two unions."""
    shared: list[Span] = []
    first, second = 0, 0
    while first < len(one) and second < len(other):
        begin, end = max(one[first][0], other[second][0]), min(one[first][1], other[second][1])
        if begin < end:
            shared.append((begin, end))
        if one[first][1] < other[second][1]:
            first += 1
        else:
            second += 1
    return shared


def picture(spans: Sequence[Span], end: float) -> str:
    """Return `COLUMNS` characters that show when, from 0 to ``end``, a union was at work."""
    width = end / COLUMNS
    shares = [
        _length(common(spans, [(width * at, width * (at + 1))])) / width if width else 0.0 for at in range(COLUMNS)
    ]
    return "".join(BUSY if share >= _ALL else PARTLY if share > 0.0 else IDLE for share in shares)


def _length(spans: Sequence[Span]) -> float:
    return sum(end - begin for begin, end in spans)
