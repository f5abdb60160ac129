"""How `sda metadata` shows what it found and would change, and the shapes of its documents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.one_stage import FAILURES_SCHEMA, document_schema
from small_dataset_audio.cli.session import Session

if TYPE_CHECKING:
    from small_dataset_audio.dataset.layout import Track
    from small_dataset_audio.pipeline.metadata_preview import FileMetadata, Preview

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_VALUE: Final = {"type": ["string", "integer", "array", "null"], "items": _TEXT}
_REASONS: Final = {"type": "object", "additionalProperties": _TEXT, "description": "name -> why it is not known"}
_NOTES: Final = {"type": "object", "description": "Where values come from, and how well what services offered fits."}

METADATA_SCHEMA: Final[dict[str, Any]] = document_schema(
    "sda metadata",
    {
        "file": _TEXT,
        "values": {"type": "object", "additionalProperties": _VALUE, "description": "By their names in .INFO."},
        "absent": _REASONS,
        "notes": _NOTES,
        "warnings": _TEXTS,
    },
)
METADATA_SCHEMA["properties"]["renamed"] = {
    "type": "array",
    "description": "Track folders that were renamed.",
    "items": {
        "type": "object",
        "properties": {"before": _TEXT, "after": _TEXT},
        "required": ["before", "after"],
        "additionalProperties": False,
    },
}
METADATA_SCHEMA["required"].append("renamed")

_CHANGE: Final = {
    "type": "object",
    "properties": {"before": {**_VALUE, "description": "null where there is nothing yet"}, "after": _VALUE},
    "required": ["before", "after"],
    "additionalProperties": False,
}
_PREVIEW: Final = {
    "track": _TEXT,
    "changes": {"type": "object", "additionalProperties": _CHANGE},
    "absent": _REASONS,
    "kept": {**_TEXTS, "description": "Names of values that you wrote yourself; they stay."},
    "notes": _NOTES,
    "warnings": _TEXTS,
    "new_name": {"type": ["string", "null"], "description": "The name that the track's folder would get."},
}
METADATA_PREVIEW_SCHEMA: Final[dict[str, Any]] = {
    "$schema": METADATA_SCHEMA["$schema"],
    "title": "sda metadata --dry-run",
    "type": "object",
    "properties": {
        "tracks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": _PREVIEW,
                "required": [*_PREVIEW],
                "additionalProperties": False,
            },
        },
        "skipped": {**_TEXTS, "description": "Names of tracks for which nothing is left to do."},
        "files": METADATA_SCHEMA["properties"]["files"],
        "failures": FAILURES_SCHEMA,
    },
    "required": ["tracks", "skipped", "files", "failures"],
    "additionalProperties": False,
}


def show_file(session: Session, one: "FileMetadata") -> None:
    """Write what is known of a recording that is in no library."""
    for warning in one.warnings:
        session.terminal.warn(warning)
    session.terminal.result(f"{one.file.name}")
    for name, value in one.values.items():
        session.terminal.result(f"  {name}: {_words(value)}")
    _show_absent(session, one.absent)


def show_previews(session: Session, previews: "Sequence[Preview]", skipped: Sequence[str]) -> None:
    """Write what would change."""
    show = session.terminal.result
    for warning in dict.fromkeys(warning for one in previews for warning in one.warnings):
        session.terminal.warn(warning)
    for one in previews:
        show(one.track.name)
        for name, change in one.changes.items():
            before = "" if change.before is None else f"{_words(change.before)} -> "
            show(f"  {name}: {before}{'(removed)' if change.after is None else _words(change.after)}")
        if not one.changes:
            show("  no value would change")
        if one.kept:
            show(f"  yours, kept: {', '.join(one.kept)}")
        _show_absent(session, one.absent)
        if one.renaming is not None:
            show(f"  name: {one.renaming.name or cannot_be_named(one.track)}")
    show(
        f"\nDry run: {plural(len(previews), 'track')} to look at, {len(skipped)} with nothing left to do. "
        "Nothing was written to the library."
    )


def show_known(session: Session, infos: Iterable[dict[str, Any]]) -> None:
    """Write of how many tracks each thing is known."""
    from small_dataset_audio.dataset.metadata.values import KEYS

    known = list(infos)
    counts = {key: sum(key in info for info in known) for key in KEYS}
    told = ", ".join(f"{key} {count}" for key, count in counts.items() if count)
    session.terminal.result(f"Known of {plural(len(known), 'track')}: {told or 'nothing'}.")


def cannot_be_named(track: "Track") -> str:
    """Return the sentence for a track whose name T5 cannot read and that keeps it."""
    return f"{track.name} keeps its name: it has letters that T5 does not know and that have no plain form."


def _show_absent(session: Session, absent: Mapping[str, str]) -> None:
    """Write what is not known, the names with the same reason together."""
    names: dict[str, list[str]] = {}
    for name, why in absent.items():
        names.setdefault(why, []).append(name)
    for why, together in names.items():
        session.terminal.result(f"  not known: {', '.join(together)}. {why}")


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
