"""How two states of a library differ."""

import filecmp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.history.equality import equal, plain
from small_dataset_audio.dataset.history.states import State, sidecars
from small_dataset_audio.errors import SdaError, UsageError

_RECORDED: Final = ("version", "settings_hash", "model_sha256", "inputs")
"""What tells two runs of a stage apart; how long it took and what it heard do not, or are told otherwise."""
_MIX: Final = "full mix"


@dataclass(frozen=True)
class Change:
    """Something that is different; None where it is not there at all."""

    a: Any
    b: Any

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape: what is not there is left out."""
        return {side: plain(one) for side, one in (("a", self.a), ("b", self.b)) if one is not None}


Settings = Mapping[str, Mapping[str, Change]]
"""Stage -> setting -> before and after."""


@dataclass(frozen=True)
class TrackChange:
    """How two states of a track differ; empty where they do not.

    Attributes:
        name: its name in A.
        new_name: its name in B, where that is another.
        values: name -> the value before and after.
        reasons: name of a value that is gone -> why, as its stage says.
        stages: stage -> before and after: version, settings_hash, model_sha256 and inputs, as far as they differ.
        audio: ``full mix`` or a stem -> its content hash before and after.
        files: suffix of a file beside ``.INFO`` -> ``added``, ``removed`` or ``changed``.
    """

    name: str
    new_name: str | None = None
    values: Mapping[str, Change] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Change] = field(default_factory=dict)
    audio: Mapping[str, Change] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.new_name or self.values or self.stages or self.audio or self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        shape: dict[str, Any] = {"track": self.name} | ({"new_name": self.new_name} if self.new_name else {})
        return {
            **shape,
            "values": {name: change.as_dict() for name, change in self.values.items()},
            "reasons": dict(self.reasons),
            "stages": {name: change.as_dict() for name, change in self.stages.items()},
            "audio": {name: change.as_dict() for name, change in self.audio.items()},
            "files": dict(self.files),
        }


@dataclass(frozen=True)
class Comparison:
    """How two states differ.

    Attributes:
        a: the one state.
        b: the other.
        tolerance: by how much numbers may differ, as a share of the larger one, and yet be the same.
        compared: how many tracks and crops are in both.
        only_a: tracks and crops that are in A alone.
        only_b: those that are in B alone.
        changes: those that differ.
        problems: side and track -> why it could not be compared.
    """

    a: State
    b: State
    tolerance: float
    compared: int
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    changes: tuple[TrackChange, ...] = ()
    problems: Mapping[tuple[str, str], SdaError] = field(default_factory=dict)

    @property
    def other_settings(self) -> dict[str, tuple[str, str]]:
        """Stage -> the hashes over its settings in A and B, of the first track where both ran and they differ."""
        found: dict[str, tuple[str, str]] = {}
        for change in self.changes:
            for name, one in change.stages.items():
                if one.a is not None and one.b is not None and "settings_hash" in one.a and "settings_hash" in one.b:
                    found.setdefault(name, (one.a["settings_hash"], one.b["settings_hash"]))
        return found

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_a or self.only_b or self.changes or self.problems)

    def as_dict(self, settings: Settings | None = None) -> dict[str, Any]:
        """Return the JSON shape of ``sda diff``.

        Args:
            settings: the settings that differ, as far as they are known.
        """
        told = settings or {}
        return {
            "a": str(self.a.path),
            "b": str(self.b.path),
            "tolerance": self.tolerance,
            "same": self.same,
            "compared": self.compared,
            "only_a": list(self.only_a),
            "only_b": list(self.only_b),
            "changes": [change.as_dict() for change in self.changes],
            "settings": {
                stage: {name: change.as_dict() for name, change in changes.items()} for stage, changes in told.items()
            },
            "problems": [
                {"side": side, "track": track, **problem.as_dict()} for (side, track), problem in self.problems.items()
            ],
        }


def compare(a: State, b: State, *, tolerance: float = 0.0) -> Comparison:
    """Return how two states differ.

    A track that is in both under different names is known again by its recording.

    Args:
        a: the one state.
        b: the other.
        tolerance: by how much numbers may differ, as a share of the larger one (of 1 where both are smaller).

    Raises:
        UsageError: one is a library and the other a track.
    """
    if a.kind != b.kind:
        raise UsageError(
            f"{a.path} and {b.path} cannot be compared.",
            f"The one is a {a.kind}, the other a {b.kind}.",
            "Name two libraries, or two tracks: their folders or .INFO files.",
        )
    pairs = _pairs(a, b)
    problems: dict[tuple[str, str], SdaError] = {}
    changes = []
    for name, other in pairs.items():
        failed = {
            (side, one): entry.problem
            for side, one, entry in (("a", name, a.entries[name]), ("b", other, b.entries[other]))
        }
        found = {key: problem for key, problem in failed.items() if problem is not None}
        problems |= found
        if not found:
            try:
                changes.append(_change(a, b, name, other, tolerance))
            except SdaError as error:
                problems["a", name] = error
    return Comparison(
        a,
        b,
        tolerance,
        len(pairs),
        tuple(name for name in a.entries if name not in pairs),
        tuple(name for name in b.entries if name not in pairs.values()),
        tuple(change for change in changes if change),
        problems,
    )


def settings_that_differ(
    hashes: Mapping[str, tuple[str, str]], known: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Settings:
    """Return the settings that differ behind two hashes of a stage, where both are known.

    Args:
        hashes: stage -> the hashes in A and B.
        known: stage and hash -> the settings.
    """
    found: dict[str, Mapping[str, Change]] = {}
    for stage, (a, b) in hashes.items():
        if (stage, a) in known and (stage, b) in known:
            found[stage] = dict(_values(known[stage, a], known[stage, b], 0.0))
    return found


def _pairs(a: State, b: State) -> dict[str, str]:
    """Return name in A -> name in B of what is in both."""
    if a.kind == "track":
        first, second = next(iter(a.entries)), next(iter(b.entries))
        return {first: second} | {
            name: other for name in a.entries if (other := _moved(name, first, second)) in b.entries and name != first
        }
    pairs = {name: name for name in a.entries if name in b.entries}
    left = {name: recording for name in a.entries if name not in pairs and (recording := _recording(a, name))}
    free = {recording: name for name in b.entries if name not in pairs and (recording := _recording(b, name))}
    renamed = {name: free.pop(recording) for name, recording in left.items() if recording in free}
    return {name: {**pairs, **renamed}[name] for name in a.entries if name in pairs or name in renamed}


def _moved(name: str, old: str, new: str) -> str:
    """Return the name of a crop after its track was renamed."""
    track, _, crop = name.partition("/")
    number = crop.removeprefix(f"{old}_") if crop.startswith(f"{old}_") else None
    return name if track != old or not crop else f"{new}/{crop if number is None else f'{new}_{number}'}"


def _recording(state: State, name: str) -> str | None:
    """Return the content hash of a recording; None for crops, which go where their tracks go."""
    if "/" in name:
        return None
    return _hash(state.entries[name].provenance.get("audio"))


def _change(a: State, b: State, name: str, other: str, tolerance: float) -> TrackChange:
    before, after = a.entries[name], b.entries[other]
    values = dict(_values(before.values, after.values, tolerance))
    reasons = {gone: after.why_absent(gone) for gone, change in values.items() if change.b is None}
    beside = a.alone or b.alone
    return TrackChange(
        name,
        other if other != name and a.kind == "library" else None,
        values,
        {gone: reason for gone, reason in reasons.items() if reason is not None},
        dict(_stages(before, after)),
        dict(_audio(before, after)),
        {} if beside else dict(_files(sidecars(before), sidecars(after))),
    )


def _values(before: Mapping[str, Any], after: Mapping[str, Any], tolerance: float) -> Iterator[tuple[str, Change]]:
    for name in dict.fromkeys((*before, *after)):
        if name not in before or name not in after or not equal(before[name], after[name], tolerance):
            yield name, Change(before.get(name), after.get(name))


def _stages(before: Entry, after: Entry) -> Iterator[tuple[str, Change]]:
    """Yield what differs between the records of stages."""
    one, other = before.provenance.get("stages", {}), after.provenance.get("stages", {})
    for name in dict.fromkeys((*one, *other)):
        if name not in one or name not in other:
            yield name, Change(_recorded(one.get(name)), _recorded(other.get(name)))
            continue
        old, new = _recorded(one[name]) or {}, _recorded(other[name]) or {}
        differing = [key for key in _RECORDED if old.get(key) != new.get(key)]
        if differing:
            yield (
                name,
                Change(
                    {key: old[key] for key in differing if key in old},
                    {key: new[key] for key in differing if key in new},
                ),
            )


def _recorded(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if record is None else {key: record[key] for key in _RECORDED if key in record}


def _audio(before: Entry, after: Entry) -> Iterator[tuple[str, Change]]:
    one, other = _hashes(before), _hashes(after)
    for name in dict.fromkeys((*one, *other)):
        if one.get(name) != other.get(name):
            yield name, Change(one.get(name), other.get(name))


def _hashes(entry: Entry) -> dict[str, str]:
    """Return ``full mix`` or stem -> content hash, as far as it was noted."""
    stems = entry.provenance.get("stems", {})
    noted = {_MIX: entry.provenance.get("audio"), **(stems if isinstance(stems, dict) else {})}
    return {name: sha256 for name, note in noted.items() if (sha256 := _hash(note)) is not None}


def _hash(note: object) -> str | None:
    sha256 = note.get("sha256") if isinstance(note, dict) else None
    return sha256 if isinstance(sha256, str) else None


def _files(before: Mapping[str, Path], after: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    for suffix in dict.fromkeys((*before, *after)):
        if suffix not in after:
            yield suffix, "removed"
        elif suffix not in before:
            yield suffix, "added"
        elif not _same_bytes(before[suffix], after[suffix]):
            yield suffix, "changed"


def _same_bytes(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError as error:
        raise store_error("read", Path(error.filename or one), error) from error
