"""The `.INFO` store: everything that is known of a track, in one flat JSON file beside it.

A feature's name leads to a number, a label dictionary or a text; the reserved name `_sda`, always the last pair, says
where the values come from (`dataset.provenance`).

`safe_update` is the only writer (`forget_stage` takes things away). What a stage made is changed by that stage alone; everything else in the file, whoever
wrote it, keeps its text and its place.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from small_dataset_audio.atomic import read_whole, replacing, store_error, sweep_temporaries
from small_dataset_audio.dataset.flat_json import Entry, Malformed, NotStorable, decode, entry, load, parse, render
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.dataset.once import once
from small_dataset_audio.dataset.provenance import FORMAT, RESERVED, Misshapen, StageRecord, Taken, checked, settle
from small_dataset_audio.errors import StoreError, UnreadableInfo

__all__ = ["LARGEST_INFO", "StageRecord", "forget_stage", "read_info", "read_provenance", "read_values", "safe_update"]

LARGEST_INFO: Final = 64 * 2**20
"""Bytes. A full .INFO has some ten thousand; what is larger than this is no .INFO and would only fill the memory."""

_T = TypeVar("_T")
_RESERVED_START: Final = f'\n  "{RESERVED}": '
_FILE_END: Final = "\n}\n"


def read_info(path: Path) -> dict[str, Any]:
    """Return what an `.INFO` file holds, in its order; nothing when there is no such file.

    Numbers that are too large for a float, which only other programs write, are `decimal.Decimal`.

    Raises:
        UnreadableInfo: the file is not the flat JSON it must be.
        StoreError: the file cannot be read.
    """
    values = _understood(path, _text(path), load)
    _provenance(path, values)
    return values


@once
def read_provenance(path: str | Path) -> dict[str, Any]:
    """Return the `_sda` part of an `.INFO` file, without parsing the values where that can be avoided; or nothing.

    Raises:
        UnreadableInfo: the file is not the flat JSON it must be (noticed only as far as it is parsed).
        StoreError: the file cannot be read.
    """
    parts = _parts(path)
    return parts[1] if parts is not None else _provenance(path, _understood(path, _text(path), load))


def read_values(path: str | Path) -> dict[str, Any]:
    """Return what `read_info` returns without the `_sda` part.

    Raises:
        UnreadableInfo: the file is not the flat JSON it must be.
        StoreError: the file cannot be read.
    """
    parts = _parts(path)
    if parts is not None:
        with contextlib.suppress(Malformed):  # which the whole text tells the place of
            return load(parts[0] + _FILE_END)
    values = _understood(path, _text(path), load)
    _provenance(path, values)
    values.pop(RESERVED, None)
    return values


@once
def _parts(path: str | Path) -> tuple[str, dict[str, Any]] | None:
    """Return the text of all values and the `_sda` part behind it, None where the file is not as sda writes it."""
    text = _text(path)
    # Strings hold no line breaks, and one brace is left open: what starts here is the last top-level pair.
    start = text.rfind(_RESERVED_START) if text is not None and text.endswith(_FILE_END) else -1
    if text is not None and start >= 0:
        with contextlib.suppress(ValueError, RecursionError, Misshapen):
            part = checked(decode(text[start + len(_RESERVED_START) : -len(_FILE_END)]))
            return text[:start].removesuffix(","), part
    return None


def safe_update(
    path: Path,
    values: Mapping[str, Any],
    *,
    stage: StageRecord | None = None,
    reserved: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what an `.INFO` file holds after ``values`` were merged into it, safely on the disk.

    Reads, merges and replaces under the track folder's lock, and removes what crashed writers left there. New names are
    added at the end. What this stage made earlier and did not make now is removed: it would be stale. A value that no
    stage made is replaced, and belongs to the stage from then on. Without a stage the caller speaks for the user: the
    values are set, and no stage counts as their maker until one makes them again.

    Args:
        path: `<Track Name>.INFO` in an existing track folder.
        values: name -> finite number, text, or lists and mappings of them.
        stage: the stage that made the values.
        reserved: parts of `_sda` to replace, such as ``source`` and ``audio``.

    Raises:
        UnreadableInfo: the present file is not the flat JSON it must be; it is left untouched.
        StoreError: a value cannot be stored, another stage made it, or the file cannot be read or written.
    """
    fresh = _fresh(path, values, stage, reserved or {})
    with track_lock(path.parent):
        sweep(path.parent)
        before = _text(path)
        entries = _understood(path, before, parse)
        present = entries.pop(RESERVED, None)
        provenance = {**_provenance(path, {RESERVED: present.value} if present else {}), **(reserved or {})}
        for name in _stale(path, provenance, fresh, stage):
            entries.pop(name, None)
        entries |= fresh
        if provenance:
            entries[RESERVED] = _entry(path, RESERVED, {"format": FORMAT, **provenance})
        after = render(entries)
        if after != (before or render({})):
            _write(path, after)
    return {name: pair.value for name, pair in entries.items()}


def forget_stage(path: Path, stage: str, *, finished: bool = True) -> list[str]:
    """Return the names of the values that were taken out of an `.INFO` file, with the record of the stage that made them.

    What the user or another program wrote stays, and so does what other stages made. The stage runs again in the next run.

    Args:
        path: `<Track Name>.INFO`.
        stage: the stage; nothing happens where it left no record.
        finished: nothing else is left of it; else a record stays that counts as not done.

    Raises:
        UnreadableInfo: the file is not the flat JSON it must be; it is left untouched.
        StoreError: it cannot be read or written.
    """
    with track_lock(path.parent):
        sweep(path.parent)
        entries = _understood(path, _text(path), parse)
        present = entries.pop(RESERVED, None)
        provenance = _provenance(path, {RESERVED: present.value} if present else {})
        stages = dict(provenance.get("stages", {}))
        record = stages.pop(stage, None)
        if record is None:
            return []
        gone = [name for name in record.get("made", []) if entries.pop(name, None) is not None]
        if not finished:
            stages[stage] = StageRecord(stage, 0, "", "", 0.0).as_json(())
        entries[RESERVED] = _entry(path, RESERVED, {**provenance, "stages": stages})
        _write(path, render(entries))
    return gone


def sweep(folder: Path) -> None:
    """Remove what crashed writers left in a track folder; its lock must be held.

    Raises:
        StoreError: the folder cannot be read or written.
    """
    try:
        sweep_temporaries(folder)
    except OSError as error:
        raise store_error("clean up", folder, error) from error


def _fresh(
    path: Path, values: Mapping[str, Any], stage: StageRecord | None, reserved: Mapping[str, Any]
) -> dict[str, Entry]:
    """Return the values as they will be written, all checked before anything is touched."""
    if RESERVED in values or reserved.keys() & {"format", "stages"}:
        raise _misuse(path, f"`{RESERVED}` is reserved; its format and stages are written by the store alone")
    if stage is not None and (both := sorted(values.keys() & stage.absent.keys())):
        raise _misuse(path, f"the stage {stage.name} gives both a value for {both[0]} and a reason for its absence")
    return {name: _entry(path, name, value) for name, value in values.items()}


def _stale(path: Path, provenance: dict[str, Any], fresh: Mapping[str, Entry], stage: StageRecord | None) -> list[str]:
    try:
        return settle(provenance, fresh, stage)
    except Taken as error:
        key, maker = error.args
        writer = stage.name if stage is not None else "user"
        raise StoreError(
            f"The stage {writer} may not write {key} into {path}.",
            f"The stage {maker} made that value, and every value has one stage that makes it.",
            f"Run the stage {maker} of this version again (`--force {maker}`), then the stage {writer}.",
        ) from error


def _entry(path: Path, name: str, value: object) -> Entry:
    try:
        return entry(name, value)
    except NotStorable as error:
        raise _misuse(path, str(error)) from error


@once
def _text(path: str | Path) -> str | None:
    """Return the text of the file, None when there is no such file."""
    try:
        data = read_whole(path, LARGEST_INFO)
    except FileNotFoundError:
        if os.path.islink(path):  # noqa: PTH114 - unlike `Path.is_symlink` it never raises
            raise _unreadable(path, "it is a link to a file that is not there", "what the link leads to") from None
        return None
    except OSError as error:
        if error.errno in {errno.EISDIR, errno.EFBIG}:
            raise _unreadable(path, str(error.strerror), "that") from error
        raise store_error("read", Path(path), error) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"line {line} is not UTF-8 text", f"line {line} (and save as UTF-8)") from error


def _understood(path: str | Path, text: str | None, how: Callable[[str], dict[str, _T]]) -> dict[str, _T]:
    """Return what `parse` or `load` makes of the text of a file, nothing where there is no file."""
    if text is None:
        return {}
    try:
        return how(text)
    except Malformed as error:
        place = f"line {error.line}"
        raise _unreadable(path, f"{place}, column {error.column}: {error.reason}", place) from error


def _provenance(path: str | Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `_sda` part of some values, checked; nothing where there is none."""
    try:
        return checked(values[RESERVED]) if RESERVED in values else {}
    except Misshapen as error:
        place = f"the part `{RESERVED}`"
        fix = f"{place} (or update sda, if a newer one wrote it)"
        raise _unreadable(path, f"{place} cannot be used: {error}", fix) from error


def _write(path: Path, text: str) -> None:
    """Replace the file; the new one keeps the permissions and, where that is allowed, the owner of the old one."""
    with replacing(path) as file:
        with contextlib.suppress(OSError):
            status = path.stat()
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        file.write(text.encode("utf-8"))


def _unreadable(path: str | Path, reason: str, place: str) -> UnreadableInfo:
    return UnreadableInfo(
        f"{path} is not the JSON that an .INFO file must be; it was left untouched.",
        f"{reason[:1].upper()}{reason[1:]}.",
        f"Correct {place} in a text editor, or move the file away and let sda write a new one; then run the command again.",
    )


def _misuse(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"Nothing was written to {path}.",
        f"A value cannot be stored: {reason}.",
        "This is a mistake in the program that measured it: please report it with this message.",
    )
