"""How ``sda lint`` shows what it found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from small_dataset_audio.cli.console import Style, Terminal, as_called, plural
from small_dataset_audio.dataset.lint.checks import CHECKS
from small_dataset_audio.dataset.lint.finding import SEVERITIES

if TYPE_CHECKING:
    from small_dataset_audio.dataset.lint.finding import Finding, Findings

_MOST: Final = 5
"""Findings of one check that are told one by one, unless everything is asked for."""
_NAMES: Final = 4
_STYLES: Final[Mapping[str, Style]] = {"fail": "red", "warn": "yellow", "note": "dim"}


def show(terminal: Terminal, found: "Findings", *, everything: bool) -> None:
    """Write the findings by check, the trainer's-eye view, and how large the library really is.

    Args:
        terminal: where to.
        found: the findings.
        everything: all of them, rather than the first few of each check.
    """
    if not found.tracks:
        terminal.result(f"There are no tracks in {found.library}. `sda run FOLDER` puts recordings into it.")
        return
    for check in CHECKS:
        mine = [one for one in found.found if one.check == check.name]
        if mine:
            terminal.result(f"{check.name}: {check.finds}", "bold")
            _show_check(terminal, mine, len(mine) if everything else _MOST)
            terminal.result("")
    if found.trainer:
        terminal.result(_trainer(found.trainer))
    terminal.result(_conclusion(found), "bold")


def _show_check(terminal: Terminal, mine: Sequence["Finding"], most: int) -> None:
    same = len({(one.what, one.fix) for one in mine}) == 1
    told = mine[:1] if same and len(mine) > 1 else mine[:most]
    for one in told:
        where = _several([each.track for each in mine], most) if same and len(mine) > 1 else one.track
        terminal.result(f"{where}: {one.what}", lead=(f"  {one.severity}  ", _STYLES[one.severity]))
        if len(told) == 1 or one.fix != told[-1].fix or one is told[-1]:
            terminal.result(f"        Fix: {as_called(one.fix)}")
    left = 0 if same else len(mine) - len(told)
    if left:
        names = _several([one.track for one in mine[len(told) :]], _NAMES)
        terminal.result(f"        and {plural(left, 'more', 'more')}: {names} (-v shows all)")


def _several(names: Sequence[str], most: int) -> str:
    """Return the first of some names, and how many more there are."""
    different = list(dict.fromkeys(names))
    more = len(different) - most
    return ", ".join(different[:most]) + (f" and {more} more" if more > 0 else "")


def _trainer(seen: Sequence[Mapping[str, object]]) -> str:
    fates = Counter(str(one["fate"]) for one in seen)
    told = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items(), key=lambda item: -item[1]))
    resampled = sum(bool(one["resampled"]) for one in seen)
    more = f"; {resampled} resampled" if resampled else ""
    return f"What Stable Audio Tools would make of {plural(len(seen), 'recording')}, crops included: {told}{more}."


def _conclusion(found: "Findings") -> str:
    counts = {"fail": "failure", "warn": "warning", "note": "note"}
    told = ", ".join(plural(found.count(severity), counts[severity]) for severity in SEVERITIES)
    size = found.effective_size
    return f"{size}: {told}." if size else f"{plural(found.tracks, 'track')}: {told}."
