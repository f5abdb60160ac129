"""Where the values of an `.INFO` file come from: its reserved part, `_sda`.

``{"format": 1, "source": {...}, "audio": {...}, "stems": {...}, "stages": {name: {"version", "settings_hash", "audio_sha256", "seconds",
"made": [names], ...}}}``. Parts that this version does not know are kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

RESERVED: Final = "_sda"
FORMAT: Final = 1


class Misshapen(Exception):  # noqa: N818 - the name says what the part is
    """The `_sda` part is not as sda writes it; the argument says in which way."""


class Taken(Exception):  # noqa: N818 - the name says what the value is
    """A stage would write what another stage made; the arguments are the value's name and the other stage's."""


@dataclass(frozen=True)
class StageRecord:
    """What a stage says of one run of it on one track.

    Attributes:
        name: the stage.
        version: the stage's version; it rises when its results change.
        settings_hash: over the settings that the results depend on.
        audio_sha256: of the file that was measured.
        seconds: how long it took.
        model_sha256: of the weights, where there are any.
        absent: name -> one sentence that says why it could not be measured.
        inputs: name -> content hash of the files beside the full mix that the results depend on, such as stems.
        notes: what else is to be known of the results, as JSON.
        files: names of the files that it wrote beside ``.INFO``; ``.BEATS_GRID`` stands for ``<Track Name>.BEATS_GRID``.
    """

    name: str
    version: int
    settings_hash: str
    audio_sha256: str
    seconds: float
    model_sha256: str | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, object] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def as_json(self, made: Iterable[str]) -> dict[str, object]:
        """Return the record as `_sda` holds it, with the names of the values that the stage ``made``."""
        record: dict[str, object] = {
            "version": self.version,
            "settings_hash": self.settings_hash,
            "audio_sha256": self.audio_sha256,
            "seconds": self.seconds,
        }
        if self.model_sha256 is not None:
            record["model_sha256"] = self.model_sha256
        if self.inputs:
            record["inputs"] = dict(self.inputs)
        if self.notes:
            record["notes"] = dict(self.notes)
        if self.files:
            record["files"] = list(self.files)
        record["made"] = list(made)
        if self.absent:
            record["absent"] = dict(self.absent)
        return record


def stage_record(provenance: Mapping[str, Any], stage: str) -> StageRecord | None:
    """Return what a stage wrote of its last run, None when it has not run or the record lacks a part.

    Args:
        provenance: the `_sda` part (`info.read_provenance`, or ``read_info(path).get("_sda", {})``).
        stage: the stage's name.
    """
    record = provenance.get("stages", {}).get(stage, {})
    try:
        return StageRecord(
            stage,
            int(record["version"]),
            str(record["settings_hash"]),
            str(record["audio_sha256"]),
            float(record["seconds"]),
            record.get("model_sha256"),
            dict(record.get("absent", {})),
            dict(record.get("inputs", {})),
            dict(record.get("notes", {})),
            tuple(files) if isinstance(files := record.get("files"), list) else (),
        )
    except (KeyError, TypeError, ValueError):
        return None


def checked(part: object) -> dict[str, Any]:
    """Return ``part`` as the mapping that sda relies on.

    Raises:
        Misshapen: it is something else, or a newer sda wrote it.
    """
    if not isinstance(part, dict):
        raise Misshapen("it is not a mapping")
    version = part.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Misshapen("its format has no number")
    if version > FORMAT:
        raise Misshapen(f"its format {version} was written by a newer sda; this one knows {FORMAT}")
    for name in ("source", "audio", "stems", "stages"):
        if not isinstance(part.get(name, {}), dict):
            raise Misshapen(f"its {name} is not a mapping")
    for name, record in part.get("stages", {}).items():
        made = record.get("made", []) if isinstance(record, dict) else None
        if not isinstance(made, list) or not set(map(type, made)) <= {str}:
            raise Misshapen(f"its record of the stage {name} is not as sda writes it")
    return part


def settle(provenance: dict[str, Any], names: Iterable[str], stage: StageRecord | None) -> list[str]:
    """Return the names that have become stale, after noting in ``provenance`` who makes ``names`` from now on.

    Args:
        provenance: the `_sda` part; changed in place.
        names: what is being written.
        stage: who writes it; None for the user, after whom no stage counts as the maker any more.

    Raises:
        Taken: another stage made one of them.
    """
    fresh = dict.fromkeys(names)
    stages: dict[str, Any] = provenance.get("stages", {})
    for name, record in stages.items():
        taken = [key for key in record.get("made", []) if key in fresh]
        if taken and stage is None:
            record["made"] = [key for key in record["made"] if key not in fresh]
        elif taken and stage is not None and name != stage.name:
            raise Taken(taken[0], name)
    if stage is None:
        return []
    earlier = stages.get(stage.name, {}).get("made", [])
    provenance["stages"] = stages | {stage.name: stage.as_json(fresh)}
    return [key for key in earlier if key not in fresh]
