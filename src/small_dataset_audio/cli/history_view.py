"""How ``sda history`` and ``sda diff`` show what they found."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.cli.console import Terminal, as_called, plural

if TYPE_CHECKING:
    from small_dataset_audio.dataset.history.compare import Change, Comparison, Settings, TrackChange
    from small_dataset_audio.dataset.history.runs import LoggedStep
    from small_dataset_audio.dataset.history.track import StageHistory, TrackHistory

_HASH: Final = 12
"""So many characters of a hash tell it from any other that one meets."""
_SHOWN: Final = 5
"""So many values of a track are shown, unless all are asked for."""
_LONG: Final = 60
_STAMP: Final = 19
"""Characters of a moment in ISO 8601, down to the second."""


def show_history(terminal: Terminal, told: "TrackHistory", logs: int, reports: Path) -> None:
    """Write where the values of a track come from.

    Args:
        terminal: where to.
        told: the history.
        logs: how many run logs were read.
        reports: where they lie.
    """
    show = terminal.result
    show(f"{told.entry.name} in {told.entry.track.folder.parent}", "bold")
    for line in _origin(told):
        show(line)
    for stage in told.stages:
        show(f"\n{stage.record.name}", "bold")
        for line in _stage(stage):
            show(line, lead=("  ", ""))
    for name, step in told.failures.items():
        show(f"\n{name}", "bold")
        show(f"It failed {_when(step)}, and left nothing: {step.failure}", lead=("  ", ""))
    for name in told.unclear:
        show(f"\n{name}: its record in .INFO is not as sda writes it.")
    if told.by_others:
        show("\nBy you or another program", "bold")
        show(", ".join(told.by_others), lead=("  ", ""))
    if not told.entry.values and not told.stages:
        show("\nNothing was measured yet: `sda run` does that.")
    if not logs:
        terminal.status(f"There are no run logs in {reports}: when and by which run is not known.")
    for note in told.notes:
        terminal.warn(note)


def _origin(told: "TrackHistory") -> Iterator[str]:
    source, audio = told.entry.provenance.get("source"), told.entry.provenance.get("audio")
    crop = told.entry.provenance.get("crop")
    if isinstance(source, dict) and "path" in source:
        when = f", {_when(told.taken_in)}" if told.taken_in is not None else ""
        yield f"Taken in from {source['path']}{when}"
    if isinstance(crop, dict):
        yield f"Cut from {crop.get('track')}, samples {crop.get('start')} to {crop.get('stop')} at {crop.get('rate')} Hz"
    if isinstance(audio, dict) and "sha256" in audio:
        yield f"Recording {str(audio['sha256'])[:_HASH]}"


def _stage(stage: "StageHistory") -> Iterator[str]:
    record = stage.record
    weights = f", weights {record.model_sha256[:_HASH]}" if record.model_sha256 else ""
    yield f"Version {record.version}, settings {record.settings_hash[:_HASH]}{weights}"
    if stage.run is not None:
        yield f"Written {_when(stage.run)} by sda {stage.run.sda}, run log {stage.run.log.name}"
    else:
        yield "No run log tells when: it was removed, or the run was on another machine."
    if stage.stale:
        yield f"It worked on another recording ({record.audio_sha256[:_HASH]}): `sda run` brings it up to date."
    if stage.failure is not None:
        yield f"A later attempt failed {_when(stage.failure)}: {stage.failure.failure}"
    for name, value in record.notes.items():
        yield f"Note: {name} {_shown(value)}"
    if stage.made:
        yield f"{plural(len(stage.made), 'value')}: {', '.join(stage.made)}"
    if stage.gone:
        yield f"Removed since: {', '.join(stage.gone)}"
    reasons: dict[str, list[str]] = {}
    for name, reason in record.absent.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield f"{len(names)} absent ({reason}): {', '.join(names)}"


def _when(step: "LoggedStep") -> str:
    return f"{step.time[:_STAMP].replace('T', ' ')} UTC"


def show_comparison(terminal: Terminal, found: "Comparison", settings: "Settings", *, whole: bool) -> None:
    """Write how two states differ.

    Args:
        terminal: where to.
        found: the comparison.
        settings: the settings that differ, as far as they are known.
        whole: every value rather than the first few of each track.
    """
    show = terminal.result
    show(f"A {found.a.path}\nB {found.b.path}")
    for (side, track), problem in found.problems.items():
        terminal.warn(
            f"{track} in {side.upper()} cannot be compared. {problem.what} {problem.why} {as_called(problem.fix)}"
        )
    for line in _everywhere(found):
        show(line)
    for stage, settings_of_stage in settings.items():
        show(f"\nSettings of {stage}", "bold")
        for name, one in settings_of_stage.items():
            show(f"{name}: {_shown(one.a)} -> {_shown(one.b)}", lead=("  ", ""))
    for change in found.changes:
        show(f"\n{change.name}" + (f", in B {change.new_name}" if change.new_name else ""), "bold")
        for line in _change(change, whole=whole):
            show(line, lead=("  ", ""))
    if found.same:
        show(f"\nNo difference in {plural(found.compared, 'track or crop', 'tracks and crops')}.")
    else:
        show(f"\n{len(found.changes)} of {plural(found.compared, 'track or crop', 'tracks and crops')} in both differ.")


def _everywhere(found: "Comparison") -> Iterator[str]:
    """Yield which tracks are in one alone, and which stages and values differ on how many tracks."""
    for side, names in (("A", found.only_a), ("B", found.only_b)):
        if names:
            yield f"\nOnly in {side} ({len(names)}): {', '.join(names)}"
    if len(found.changes) > 1:
        stages = Counter(name for change in found.changes for name in change.stages)
        values = Counter(name for change in found.changes for name in change.values)
        for title, counted in (("Stages", stages), ("Values", values)):
            if counted:
                often = [f"{name} {count}" for name, count in counted.most_common(_SHOWN)]
                more = f" and {len(counted) - _SHOWN} more" if len(counted) > _SHOWN else ""
                yield f"\n{title} that differ most often: {', '.join(often)}{more}"


def _change(change: "TrackChange", *, whole: bool) -> Iterator[str]:
    for name, one in change.audio.items():
        yield f"{name}: {_side(one.a)} -> {_side(one.b)}"
    for name, one in change.stages.items():
        yield f"{name}: {_stage_change(one)}"
    values = list(change.values.items())
    for name, one in values if whole else values[:_SHOWN]:
        reason = f" ({change.reasons[name]})" if name in change.reasons else ""
        yield f"{name}: {_shown(one.a)} -> {_shown(one.b)}{reason}"
    if not whole and len(values) > _SHOWN:
        yield f"and {plural(len(values) - _SHOWN, 'value')} more (--verbose shows all)"
    for suffix, what in change.files.items():
        yield f".{suffix}: {what}"


def _stage_change(change: "Change") -> str:
    if change.a is None or change.b is None:
        record = change.b if change.a is None else change.a
        return f"{'ran in B only' if change.a is None else 'ran in A only'}, version {record.get('version')}"
    return ", ".join(
        f"{_words(key)} {_brief(change.a, key)} -> {_brief(change.b, key)}"
        for key in dict.fromkeys((*change.a, *change.b))
    )


def _words(key: str) -> str:
    return {"settings_hash": "settings", "model_sha256": "weights"}.get(key, key)


def _brief(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    return f"{len(value)} files" if isinstance(value, dict) else _side(value)


def _side(value: object) -> str:
    return "nothing" if value is None else str(value)[:_HASH]


def _shown(value: object) -> str:
    """Return a value in one short line."""
    if value is None:
        return "nothing"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."
