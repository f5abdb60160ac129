"""What stands where a file should be: a folder, a pipe that nobody writes to, or far too much. Every reader says so at once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio import atomic
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.dataset.demo.label import read_label
from small_dataset_audio.dataset.export.manifest import NAME as MANIFEST
from small_dataset_audio.dataset.export.manifest import read_manifest
from small_dataset_audio.dataset.organize.copying import copy_verified
from small_dataset_audio.dataset.report.drawing.strokes import read_strokes
from small_dataset_audio.dataset.report.folder import MARK, Folder
from small_dataset_audio.errors import SdaError
from small_dataset_audio.hardware.benchmark.profile import FILE as PROFILE
from small_dataset_audio.hardware.benchmark.profile import load
from small_dataset_audio.models import record
from small_dataset_audio.models.descriptions import described
from small_dataset_audio.models.opening import checkpoint
from small_dataset_audio.models.part import Part
from small_dataset_audio.models.record import RECORD_NAME, Record
from small_dataset_audio.models.transcription.midi import remove_midi, write_midi
from small_dataset_audio.pipeline.runlog import read_events

TERABYTE = 1 << 40
KINDS = ("folder", "pipe", "link to nothing")


def put(path: Path, kind: str) -> Path:
    """Return ``path``, with something there that is no file, or one that takes no room and claims a terabyte."""
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "giant":
        with path.open("wb") as file:
            file.truncate(TERABYTE)
    else:
        path.symlink_to(path.with_name("nowhere"))
    return path


ANY_SIZE: dict[str, Callable[[Path], object]] = {
    "checkpoint": checkpoint,
    "weights.bin": record.examine,
    "full_mix.wav": file_sha256,
    "original.wav": lambda path: copy_verified(path, path.with_name("copy.wav")),
    "run.jsonl": lambda path: list(read_events(path)),
}
"""Readers of files that are never held whole."""
NOTES: dict[str, Callable[[Path], object]] = {
    "config.json": described,
    "song.truth.json": read_label,
    "drums.mid": read_strokes,
}
OURS: dict[str, Callable[[Path], object]] = {
    "drums.mid": lambda path: write_midi(path, b"MThd"),
    "other.mid": remove_midi,
    MARK: lambda path: Folder.claimed(path.parent, path.parent.with_name("library")),
}
"""They would put something there: what is not sda's is left alone."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*ANY_SIZE, *NOTES])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    with pytest.raises(SdaError) as caught:
        (ANY_SIZE | NOTES)[name](put(tmp_path / name, kind))
    if kind != "link to nothing" and name not in {"full_mix.wav", "original.wav"}:
        assert caught.value.why == "It is a folder, a device or a pipe, not a file."
        assert "in its place" in caught.value.fix


@pytest.mark.parametrize("name", NOTES)
def test_what_is_far_too_large_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SdaError) as caught:
        NOTES[name](put(tmp_path / name, "giant"))
    assert "ulimit" not in caught.value.fix


@pytest.mark.parametrize("kind", [*KINDS, "giant"])
@pytest.mark.parametrize("name", OURS)
def test_what_is_not_ours_is_left_where_it_is(tmp_path: Path, name: str, kind: str) -> None:
    place = put(tmp_path / name, kind)
    before = place.lstat()
    with pytest.raises(SdaError):
        OURS[name](place)
    after = place.lstat()
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (before.st_ino, before.st_mode, before.st_mtime_ns)


@pytest.mark.parametrize("kind", [*KINDS, "giant"])
def test_notes_that_cannot_be_read_are_as_if_they_were_not_there(tmp_path: Path, kind: str) -> None:
    part = Part(tmp_path / "weights.bin")
    notes: dict[Path, tuple[Callable[[], object], Any]] = {
        tmp_path / RECORD_NAME: (lambda: record.read(tmp_path), Record()),
        tmp_path / MANIFEST: (lambda: read_manifest(tmp_path), None),
        part._note: (lambda: part.origin, None),
    }
    for place, (reader, nothing) in notes.items():
        put(place, kind)
        assert reader() == nothing


@pytest.mark.parametrize("kind", ["folder", "pipe", "giant"])
def test_a_profile_of_the_machine_that_is_none_is_told(tmp_path: Path, kind: str) -> None:
    put(tmp_path / PROFILE, kind)
    with pytest.raises(SdaError, match="Could not read"):
        load(tmp_path)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    pipe, file = put(tmp_path / "pipe", "pipe"), tmp_path / "file"
    file.write_bytes(b"12345")
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - a folder that changes while it is listed
    for _ in range(50):
        with pytest.raises(atomic.NotAFile):
            atomic.open_file(pipe)
        with pytest.raises(atomic.FarTooLarge, match="it has 5 bytes, and no such file has more than 4"):
            atomic.read_whole(file, 4)
        assert atomic.read_whole(file, 5) == b"12345"
        with atomic.open_file(file) as opened:
            assert opened.read(3) == b"123"
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208
