"""Line charts as SVG, drawn by hand so that a page needs nothing but itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log2, log10
from typing import Final

WIDTH: Final = 400
HEIGHT: Final = 280
_LEFT: Final = 52
_RIGHT: Final = 16
_TOP: Final = 18
_BOTTOM: Final = 44
_TICKS: Final = 5
_NICE: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Mark:
    """One measured point, with its spread where it has one."""

    x: float
    y: float
    says: str
    low: float | None = None
    high: float | None = None
    name: str | None = None
    """What it is called, where the text speaks of it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one series.

    Attributes:
        title: what it shows, read out to those who cannot see it.
        x_name: what goes right.
        y_name: what goes up, with its unit.
        marks: the points, by rising x.
        doubling: x is drawn so that every doubling takes the same width.
        limit: a horizontal line, and what it says.
        line: draw a line from point to point.
    """

    title: str
    x_name: str
    y_name: str
    marks: Sequence[Mark]
    doubling: bool = False
    limit: tuple[float, str] | None = None
    line: bool = True

    def svg(self) -> str:
        """Return the chart as an ``<svg>`` element whose colours are the page's."""
        top = max([mark.high or mark.y for mark in self.marks] + ([self.limit[0]] if self.limit else []))
        y_ticks = _ticks(top)
        parts = [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(self.title)}">',
            *self._grid(y_ticks),
            *self._x_axis(),
        ]
        if self.limit is not None:
            height = self._y(self.limit[0], y_ticks[-1])
            parts += [
                f'<line class="limit" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>',
                f'<text class="note" x="{_LEFT + 6}" y="{height - 5:.1f}">{escape(self.limit[1])}</text>',
            ]
        if self.line:
            way = " ".join(f"{self._x(mark.x):.1f},{self._y(mark.y, y_ticks[-1]):.1f}" for mark in self.marks)
            parts.append(f'<polyline class="series" points="{way}"/>')
        for mark in self.marks:
            parts += self._point(mark, y_ticks[-1])
        return "\n".join([*parts, "</svg>"])

    def _grid(self, ticks: Sequence[float]) -> list[str]:
        parts = [f'<text class="name" x="{_LEFT}" y="11">{escape(self.y_name)}</text>']
        for tick in ticks:
            height = self._y(tick, ticks[-1])
            parts += [
                f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>',
                f'<text class="tick" x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{tick:g}</text>',
            ]
        return parts

    def _x_axis(self) -> list[str]:
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        parts = [
            f'<text class="name" x="{middle:.0f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(self.x_name)}</text>'
        ]
        shown = -_LEFT * 1.0
        for value in self._x_ticks():
            place = self._x(value)
            if place - shown >= _LEAST_GAP:
                shown = place
                parts.append(
                    f'<text class="tick" x="{place:.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">{value:g}</text>'
                )
        return parts

    def _x_ticks(self) -> list[float]:
        largest = max(mark.x for mark in self.marks)
        if self.doubling:
            return [2.0**power for power in range(floor(log2(largest)) + 1)]
        return _ticks(largest)

    def _point(self, mark: Mark, top: float) -> list[str]:
        x, y = self._x(mark.x), self._y(mark.y, top)
        parts = []
        if mark.low is not None and mark.high is not None:
            low, high = self._y(mark.low, top), self._y(mark.high, top)
            parts.append(f'<line class="spread" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        kind, size = ("point", 3.5) if mark.name is None else ("strong", 5.5)
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{size}"><title>{escape(mark.says)}</title></circle>'
        )
        if mark.name is not None:
            parts.append(
                f'<text class="note" x="{x:.1f}" y="{y - 10:.1f}" text-anchor="middle">{escape(mark.name)}</text>'
            )
        return parts

    def _x(self, value: float) -> float:
        largest = max(mark.x for mark in self.marks)
        room = WIDTH - _LEFT - _RIGHT - 2 * _INSET
        end = max(log2(largest), 1.0) if self.doubling else max(_ticks(largest)[-1], largest)
        part = (log2(value) if self.doubling else value) / end
        return _LEFT + _INSET + part * room

    @staticmethod
    def _y(value: float, top: float) -> float:
        return HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)


_INSET: Final = 10
_LEAST_GAP: Final = 26


def _ticks(largest: float) -> list[float]:
    """Return round numbers from 0 to at least ``largest``."""
    if largest <= 0:
        return [0.0, 1.0]
    rough = largest / (_TICKS - 1)
    scale = 10 ** floor(log10(rough))
    width = next(factor * scale for factor in _NICE if factor * scale >= rough * (1 - 1e-9))
    return [round(index * width, 10) for index in range(ceil(largest / width - 1e-9) + 1)]
