"""Throughput as a small plot of characters."""

from collections.abc import Sequence
from typing import Final

from small_dataset_audio.hardware.benchmark.profile import Point
from small_dataset_audio.hardware.benchmark.report.words import number

HEIGHT: Final = 8
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN: Final = " ......##"
_WIDTH_OF_BAR: Final = 5
_LEAST_WIDTH: Final = 3


def plot(points: Sequence[Point], best: int | None, *, width: int, encoding: str = "utf-8") -> list[str]:
    """Return the lines of a bar chart of throughput by batch, none without at least two points.

    Args:
        points: by rising batch.
        best: the batch to mark.
        width: columns that there are.
        encoding: of the terminal; plain characters are used where it lacks blocks.
    """
    shown = _fitting(points, width)
    if len(shown) < 2:  # noqa: PLR2004 - one bar shows nothing
        return []
    blocks = _EIGHTHS if _can(encoding) else _PLAIN
    values = [point.audio_seconds_per_second.median for point in shown]
    top = max(values)
    label = max(len(number(top)), 1)
    bar = _bar_width(len(shown), width - label - 2)
    lines = ["s of audio per second, by batch"]
    for row in range(HEIGHT, 0, -1):
        axis = number(top) if row == HEIGHT else "0" if row == 1 else ""
        cells = (_cell(value / top * HEIGHT - (row - 1), blocks) * (bar - 1) + " " for value in values)
        lines.append(f"{axis:>{label}} {_border(blocks)}{''.join(cells)}".rstrip())
    marks = ("*" if point.batch == best else "" for point in shown)
    names = (f"{point.batch}{mark}"[: bar - 1].center(bar - 1) + " " for point, mark in zip(shown, marks, strict=True))
    lines.append(" " * (label + 2) + "".join(names).rstrip())
    if best is not None and any(point.batch == best for point in shown):
        lines.append(" " * (label + 2) + "* the best batch")
    return lines


def _fitting(points: Sequence[Point], width: int) -> list[Point]:
    """Return as many points as there is room for, the ends included."""
    room = max(2, (width - 12) // (_LEAST_WIDTH + 3))
    if len(points) <= room:
        return list(points)
    stride = (len(points) - 1) / (room - 1)
    return [points[round(index * stride)] for index in range(room)]


def _bar_width(count: int, width: int) -> int:
    return max(_LEAST_WIDTH + 2, min(_WIDTH_OF_BAR + 3, width // count))


def _cell(filled: float, blocks: str) -> str:
    return blocks[max(0, min(8, round(filled * 8)))]


def _border(blocks: str) -> str:
    return "│" if blocks is _EIGHTHS else "|"


def _can(encoding: str) -> bool:
    try:
        (_EIGHTHS + "│").encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
