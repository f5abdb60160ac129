"""Charts that need no script: drawn as SVG where the page is written, in the colours that the page has."""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin
from typing import Final

from small_dataset_audio.dataset.keys import MAJOR, MAJOR_KEYS, MINOR, MINOR_KEYS, spelled
from small_dataset_audio.dataset.report.markup import Html, joined, tag
from small_dataset_audio.dataset.report.numerals import plural
from small_dataset_audio.dataset.report.portrait.maps import FIFTHS, RELATIVE, histogram

_DEEP: Final = 0.86
"""Shade from which on white text stands out better than black, where pages are light; both do by 4.5 to 1 there."""
_HALF: Final = 0.59
"""Shade from which on black text stands out better than white, where pages are dark."""
STRIP_BINS: Final = 40
_STRIP_WIDTH, _STRIP_HEIGHT = 400, 40
_SIZE: Final = 320
_RINGS: Final = {MAJOR: (100.0, 156.0), MINOR: (50.0, 96.0)}
"""Mode -> inner and outer radius."""
_LEAST_SHADE: Final = 0.16


def shade(count: int, most: int) -> float:
    """Return how deep a place with ``count`` tracks is coloured, 0 to 1; one track can always be told from none."""
    return 0.0 if not count else _LEAST_SHADE + (1 - _LEAST_SHADE) * count / most


def depth_class(depth: float) -> str:
    """Return the classes by which the page chooses the colour of the text on a shade; "" for the usual one."""
    return "half deep" if depth >= _DEEP else "half" if depth >= _HALF else ""


def circle_of_fifths(counts: Mapping[tuple[int, str], int]) -> Html:
    """Return the circle of fifths, each key as deep as it has tracks: major keys outside, their relative minors inside."""
    most = max(counts.values(), default=1)
    parts: list[Html] = []
    for step, tonic in enumerate(FIFTHS):
        for mode, key in ((MAJOR, tonic), (MINOR, (tonic + RELATIVE) % 12)):
            parts.append(_segment(step, (key, mode), counts.get((key, mode), 0), most))
    middle = _SIZE / 2
    total = sum(counts.values())
    parts += [
        tag("text", f"{total:,}", class_="total", x=middle, y=middle + 2),
        tag("text", "track" if total == 1 else "tracks", class_="unit", x=middle, y=middle + 20),
    ]
    said = ", ".join(f"{spelled(*key)} {count}" for key, count in sorted(counts.items(), key=lambda item: -item[1]))
    return tag(
        "svg",
        *parts,
        class_="fifths",
        viewBox=f"0 0 {_SIZE} {_SIZE}",
        role="img",
        aria_label=f"Tracks per key: {said}.",
    )


def _segment(step: int, key: tuple[int, str], count: int, most: int) -> Html:
    inner, outer = _RINGS[key[1]]
    start, stop = (2 * pi * (step + side) / 12 - pi / 2 for side in (-0.5, 0.5))
    gap = 1.6
    outline = (
        f"M{_at(start, outer, gap)}A{outer:g} {outer:g} 0 0 1 {_at(stop, outer, -gap)}"
        f"L{_at(stop, inner, -gap)}A{inner:g} {inner:g} 0 0 0 {_at(start, inner, gap)}Z"
    )
    depth = shade(count, most)
    x, y = _point((start + stop) / 2, (inner + outer) / 2)
    name = MAJOR_KEYS[key[0]] if key[1] == MAJOR else f"{MINOR_KEYS[key[0]]}m"
    deep = f" {depth_class(depth)}" if count else " none"
    return tag(
        "g",
        tag("title", f"{spelled(*key)}: {plural(count, 'track')}"),
        tag("path", class_="cell", d=outline),
        tag("path", class_="full", d=outline, fill_opacity=round(depth, 3)) if count else None,
        tag("text", name, class_=f"key {key[1]}{deep}", x=round(x, 1), y=round(y + (0 if count else 4), 1)),
        tag("text", str(count), class_=f"count{deep}", x=round(x, 1), y=round(y + 13, 1)) if count else None,
    )


def _at(angle: float, radius: float, gap: float) -> str:
    """Return a corner, moved along the circle by ``gap`` so that segments do not touch."""
    x, y = _point(angle + gap / radius, radius)
    return f"{x:.1f} {y:.1f}"


def _point(angle: float, radius: float) -> tuple[float, float]:
    return _SIZE / 2 + radius * cos(angle), _SIZE / 2 + radius * sin(angle)


def strip(values: Sequence[float], low: float, high: float, said: str) -> Html:
    """Return a histogram of ``values`` between ``low`` and ``high``, as wide as what it stands in.

    Args:
        values: what lies outside is not drawn.
        low: where it begins.
        high: where it ends, above ``low``.
        said: what is read out in its place.
    """
    counts = histogram(values, low, high, STRIP_BINS).counts
    most = max(counts) or 1
    width = _STRIP_WIDTH / STRIP_BINS
    bars = "".join(
        f"M{index * width + 0.5:g} {_STRIP_HEIGHT}v-{max(3.0, count / most * _STRIP_HEIGHT):.1f}h{width - 1:g}V{_STRIP_HEIGHT}z"
        for index, count in enumerate(counts)
        if count
    )
    return tag(
        "svg",
        tag("path", class_="bars", d=bars),
        class_="strip",
        viewBox=f"0 0 {_STRIP_WIDTH} {_STRIP_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=said,
    )


def outline_svg(letters: str, steps: str) -> Html:
    """Return the small waveform of a track, its heights written as letters of ``steps``."""
    half = 12
    heights = [max(0.6, steps.index(letter) / (len(steps) - 1) * half) for letter in letters]
    bars = joined(
        Html(f"M{index * 2 + 1} {half - height:.1f}v{2 * height:.1f}") for index, height in enumerate(heights)
    )
    return tag(
        "svg", tag("path", d=bars), class_="outline", viewBox=f"0 0 {2 * len(letters)} {2 * half}", aria_hidden="true"
    )
