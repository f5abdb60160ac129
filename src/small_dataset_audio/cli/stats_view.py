"""How ``sda stats`` shows what it found on a terminal of 80 columns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from small_dataset_audio.cli.console import Terminal, plural
from small_dataset_audio.dataset.statistics.numbers import family_of
from small_dataset_audio.dataset.statistics.selection import UNTOLD

if TYPE_CHECKING:
    from small_dataset_audio.dataset.statistics.numbers import Histogram, NumberSummary, Placed
    from small_dataset_audio.dataset.statistics.relations import Relations
    from small_dataset_audio.dataset.statistics.summary import Statistics
    from small_dataset_audio.dataset.statistics.words import TextSummary

_HEADINGS: Final = ("number", "count", "5 %", "median", "95 %", "outside", "far")
_WHOLE: Final = 1000
"""Numbers from here on are shown without decimals."""
_BAR: Final = 30
_MOST_ALIKE: Final = 5
_FAR_VALUES: Final = 3
_NAMES: Final = 8
_PARTS: Final = 2


def show_all(terminal: Terminal, found: "Statistics", top: int) -> None:
    """Write everything, briefly.

    Args:
        terminal: where to.
        found: the statistics.
        top: how many tracks and labels to name.
    """
    show = terminal.result
    show(_heading(found))
    if not found.table.tracks:
        show("`sda crop` cuts tracks into crops." if found.table.crops else "`sda run FOLDER` puts recordings into it.")
        return
    measured = [one for one in found.numbers.values() if one.count]
    if alone := [one for one in measured if family_of(one.name) is None]:
        show("")
        terminal.table(_HEADINGS, [_row(one) for one in alone])
    if parts := [one.name for one in measured if family_of(one.name) is not None]:
        show(f"Also {_listed(parts)}.")
    for section, lines in (
        ("Absent", _absent(found)),
        ("Far from the others", _far(found, top)),
        ("Labels and texts", _words(found, top)),
        ("How they go together", _together(found.relations, top)),
    ):
        _section(terminal, section, list(lines))
    show("\n`sda stats --feature NAME` tells all about one number, `sda stats --select` which to condition on.")


def show_number(terminal: Terminal, found: "Statistics", name: str) -> None:
    """Write everything about one number."""
    show, number = terminal.result, found.numbers[name]
    one = number.declared
    show(f"{name} ({one.unit}, {one.low:g} to {one.high:g})" if one else f"{name} (not declared)", "bold")
    if one:
        show(one.meaning)
    show(f"\n{number.count} of {plural(len(found.table.tracks), found.table.unit)} have it.")
    for reason, count in number.reasons.items():
        show(f"  Absent on {count}: {reason}.")
    for line in _facts(number):
        show(line)
    if number.histogram:
        show("")
        for line in _bars(number.histogram):
            show(line)
    for section, lines in (
        ("Highest", _placed(number.highest)),
        ("Lowest", _placed(number.lowest)),
        ("Far from the others", _placed(number.outliers)),
        ("Most alike", _alike(found.relations, name)),
    ):
        _section(terminal, section, list(lines))


def show_words(terminal: Terminal, found: "Statistics", name: str) -> None:
    """Write everything about one set of labels, list or text."""
    labels = found.labels.get(name)
    count = found.texts[name].count if labels is None else labels.count
    terminal.result(name, "bold")
    terminal.result(f"{count} of {plural(len(found.table.tracks), found.table.unit)} have it.\n")
    if labels is not None:
        rows = [
            (one.label, str(one.tracks), "" if one.mean is None else f"{one.mean:.2f}", str(one.strongest or ""))
            for one in labels.labels
        ]
        terminal.table(("label", f"{found.table.unit}s", "probability", "strongest"), rows, free=0)
    elif values := found.texts[name].values:
        often = [(value, str(tracks)) for value, tracks in values.items()]
        terminal.table(("text", f"{found.table.unit}s"), often, free=0)
    else:
        terminal.result(_lengths(found.texts[name]))


def show_selection(terminal: Terminal, found: "Statistics") -> None:
    """Write which numbers to condition on, and why not on the others."""
    show, selection = terminal.result, found.selection
    show(_heading(found))
    for number, choice in enumerate(selection.chosen, 1):
        show(f"\n{number}. {choice.name}", "bold")
        show(f"   {choice.why}")
    if selection.told is not None:
        show(
            f"\nTogether they tell {selection.told:.0%} of how the suitable numbers differ between {found.table.unit}s."
        )
    for note in selection.notes:
        show(f"\n{note}")
    refused: dict[str, list[str]] = {}
    for one in selection.refused:
        refused.setdefault("" if one.obstacle == UNTOLD else one.why, []).append(one.name)
    if suitable := refused.pop("", []):
        _section(terminal, "Suitable by themselves", [f"{', '.join(suitable)}."])
    _section(terminal, "Not recommended", [f"{_listed(names)}: {why}." for why, names in refused.items()])


def short(value: float, digits: int = 4) -> str:
    """Return a number in few characters: so many digits, or all those before the point."""
    return f"{value:.0f}" if abs(value) >= _WHOLE else f"{value:.{digits}g}"


def _listed(names: Sequence[str]) -> str:
    """Return names in a line: the parts of a vector as one, and of many others the first."""
    families = Counter(filter(None, map(family_of, names)))
    whole = {family for family, parts in families.items() if parts > _PARTS}
    shown: dict[str, str] = {}
    for name in names:
        family = family_of(name)
        if family in whole:
            first = shown.get(family or "", name).split(" ")[0]
            shown[family or ""] = f"{first} to {name}"
        else:
            shown[name] = name
    listed = list(shown.values())
    more = f" and {len(listed) - _NAMES} more" if len(listed) > _NAMES else ""
    return ", ".join(listed[:_NAMES]) + more


def _heading(found: "Statistics") -> str:
    return f"{plural(len(found.table.tracks), found.table.unit)} in {found.table.library}"


def _section(terminal: Terminal, title: str, lines: list[str]) -> None:
    if lines:
        terminal.result(f"\n{title}", "bold")
        for line in lines:
            terminal.result(line, lead=("  ", ""))


def _row(number: "NumberSummary") -> tuple[str, ...]:
    outside = f"{number.outside:.0%}" if number.outside else ""
    far = str(len(number.outliers)) if number.outliers else ""
    if number.quantiles:
        low, *_, high = number.quantiles.values()
        spread = (short(low, 3), short(number.facts["median"], 3), short(high, 3))
    elif number.kind == "flag":
        spread = ("", f"1 on {number.facts['ones']}", "")
    else:
        spread = ("", _mode(number), "")
    return (number.name, str(number.count), *spread, outside, far)


def _mode(number: "NumberSummary") -> str:
    """Return where most values of a number lie."""
    histogram = number.histogram
    if histogram is None or max(histogram.counts) == 1:
        return ""
    most = max(range(len(histogram.counts)), key=lambda place: histogram.counts[place])
    return f"most {short((histogram.edges[most] + histogram.edges[most + 1]) / 2)}"


def _absent(found: "Statistics") -> Iterator[str]:
    """Yield what is on no track at all, by reason."""
    by_reason: dict[str, list[str]] = {}
    for one in found.numbers.values():
        if not one.count:
            by_reason.setdefault(next(iter(one.reasons), ""), []).append(one.name)
    for reason, names in by_reason.items():
        named = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        yield f"{plural(len(names), 'number')} on no {found.table.unit} ({named}): {reason}."


def _far(found: "Statistics", top: int) -> Iterator[str]:
    """Yield the tracks that stand apart, the one with most such values first."""
    by_track: dict[str, list[tuple[float, str]]] = {}
    for number in found.numbers.values():
        for one in number.outliers if family_of(number.name) is None else ():
            score = one.score or 0.0
            told = f"{number.name} {short(one.value)} ({score:+.1f})"
            by_track.setdefault(one.track, []).append((-abs(score), told))
    ranked = sorted(by_track.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    for track, values in ranked[:top]:
        told = ", ".join(text for _, text in sorted(values)[:_FAR_VALUES])
        more = f" and {len(values) - _FAR_VALUES} more" if len(values) > _FAR_VALUES else ""
        yield f"{track}: {told}{more}"
    if len(ranked) > top:
        yield f"and {plural(len(ranked) - top, found.table.unit)} more"
    if ranked:
        yield "In brackets: how many robust standard deviations from the median."


def _words(found: "Statistics", top: int) -> Iterator[str]:
    for labels in found.labels.values():
        named = [
            f"{one.label} {one.tracks}" + ("" if one.mean is None else f" ({one.mean:.2f})")
            for one in labels.labels[:top]
        ]
        more = f", and {len(labels.labels) - top} more" if len(labels.labels) > top else ""
        yield f"{labels.name} ({labels.count}): {', '.join(named)}{more}"
    for text in found.texts.values():
        if text.values and text.different < text.count:
            often = list(text.values.items())
            more = f", and {len(often) - top} more" if len(often) > top else ""
            yield f"{text.name} ({text.count}): {', '.join(f'{value} {count}' for value, count in often[:top])}{more}"
        else:
            yield f"{text.name} ({text.count}): {_lengths(text)}"


def _lengths(text: "TextSummary") -> str:
    least, middle, most = text.words
    return f"{text.different} different, {least} to {most} words, median {middle:g}"


def _together(relations: "Relations", top: int) -> Iterator[str]:
    for cluster in relations.clusters[:top]:
        others = ", ".join(name for name in cluster.names if name != cluster.keep)
        yield f"{cluster.keep} says nearly the same as {others} (correlations from {cluster.least:.2f})"
    if len(relations.clusters) > top:
        yield f"and {plural(len(relations.clusters) - top, 'group')} more of numbers that say the same"
    for pair in [pair for pair in relations.pairs if pair.bent][:top]:
        yield f"{pair.a} and {pair.b} belong together, but not on a line (information {pair.information or 0.0:.2f})"
    if relations.inflation is not None and relations.inflation.determined:
        yield f"Follow exactly from others: {', '.join(relations.inflation.determined)}"
    if relations.components is not None:
        one = relations.components
        yield (
            f"{plural(one.needed, 'direction')} (principal components) hold 90 % of the differences in {len(one.names)} "
            "numbers"
        )
    yield from relations.notes


def _facts(number: "NumberSummary") -> Iterator[str]:
    facts = number.facts
    if number.quantiles:
        shares = ", ".join(f"{share:.0%} {short(value)}" for share, value in number.quantiles.items())
        yield f"From {short(facts['min'])} to {short(facts['max'])}, mean {short(facts['mean'])}. Quantiles: {shares}."
    elif number.kind == "flag" and facts:
        yield f"1 on {facts['ones']}, 0 on {number.count - int(facts['ones'])}."
    elif facts:
        yield f"It goes round in a circle; concentration {facts['concentration']:.2f} (0 evenly spread, 1 all the same)."
    if number.below or number.above:
        yield f"Outside the declared range: {number.below} below, {number.above} above."


def _bars(histogram: "Histogram") -> Iterator[str]:
    most = max(histogram.counts)
    labels = [short(edge) for edge in histogram.edges[:-1]]
    if all(edge % 1 == 0.5 for edge in histogram.edges):  # noqa: PLR2004 - a bin around a whole number
        labels = [short(edge + 0.5) for edge in histogram.edges[:-1]]
    width = max(map(len, labels))
    for label, count in zip(labels, histogram.counts, strict=True):
        bar = "#" * round(_BAR * count / most)
        yield f"  {label:>{width}} {bar}{' ' if bar else ''}{count}"


def _placed(placed: "tuple[Placed, ...]") -> Iterator[str]:
    for one in placed:
        yield f"{short(one.value)} {one.track}" + ("" if one.score is None else f" ({one.score:+.1f})")


def _alike(relations: "Relations", name: str) -> Iterator[str]:
    for pair in [pair for pair in relations.pairs if name in {pair.a, pair.b}][:_MOST_ALIKE]:
        other = pair.b if pair.a == name else pair.a
        told = [
            f"{what} {value:{form}}"
            for what, value, form in (
                ("rank correlation", pair.spearman, "+.2f"),
                ("linear", pair.pearson, "+.2f"),
                ("information", pair.information, ".2f"),
            )
            if value is not None
        ]
        yield f"{other}: {', '.join(told)}"
