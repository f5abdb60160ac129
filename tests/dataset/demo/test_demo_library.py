"""The library is written once, kept, repaired, and never over anybody's files."""

import errno
import os
import stat
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from small_dataset_audio.dataset.demo import label, library
from small_dataset_audio.dataset.demo.arrangement import Piece
from small_dataset_audio.dataset.demo.composition import Composition
from small_dataset_audio.dataset.demo.label import read_label, read_truth
from small_dataset_audio.dataset.demo.library import Written, write_library
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.truth import truth_of
from small_dataset_audio.errors import SdaError, StoreError
from support.demo_pieces import composed, tiny


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.fixture
def library_of_two(tmp_path: Path) -> tuple[Path, list[Piece], list[Written]]:
    pieces = [tiny("One"), tiny("Two", seed=2)]
    folder = tmp_path / "new" / "demo"
    return folder, pieces, write_library(folder, pieces=pieces)


def test_every_piece_has_its_audio_and_its_truth(library_of_two: tuple[Path, list[Piece], list[Written]]) -> None:
    folder, pieces, written = library_of_two
    assert [each.piece for each in written] == pieces
    assert all(each.composed for each in written)
    assert {path.name for path in folder.iterdir()} == {"One.flac", "One.truth.json", "Two.flac", "Two.truth.json"}
    for each in written:
        assert read_truth(each.truth) == truth_of(each.piece)


def test_writing_again_changes_nothing(library_of_two: tuple[Path, list[Piece], list[Written]]) -> None:
    folder, pieces, _ = library_of_two
    before = snapshot(folder)
    said: list[str] = []
    again = write_library(folder, said.append, pieces)
    assert snapshot(folder) == before
    assert not any(each.composed for each in again)
    assert said == ["One is already there.", "Two is already there."]


def test_the_same_bytes_are_written_elsewhere(
    library_of_two: tuple[Path, list[Piece], list[Written]], tmp_path: Path
) -> None:
    folder, pieces, _ = library_of_two
    said: list[str] = []
    write_library(tmp_path / "other", said.append, pieces)
    assert said == ["Composing One ...", "Composing Two ..."]
    contents = [
        {name: content for name, (content, _) in snapshot(place).items()} for place in (folder, tmp_path / "other")
    ]
    assert contents[0] == contents[1]


@pytest.mark.parametrize("lost", ["One.flac", "One.truth.json"])
def test_what_is_missing_is_made_again(library_of_two: tuple[Path, list[Piece], list[Written]], lost: str) -> None:
    folder, pieces, _ = library_of_two
    before = snapshot(folder)
    (folder / lost).unlink()
    again = write_library(folder, pieces=pieces)
    assert [each.composed for each in again] == [True, False]
    after = snapshot(folder)
    assert {name: content for name, (content, _) in after.items()} == {
        name: content for name, (content, _) in before.items()
    }
    assert all(after[name] == before[name] for name in before if name.startswith("Two"))
    if lost.endswith(".json"):
        assert after["One.flac"] == before["One.flac"]


def test_an_older_edition_that_nobody_changed_is_replaced(
    library_of_two: tuple[Path, list[Piece], list[Written]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, pieces, _ = library_of_two
    recomposed = [tiny("One", seed=5), pieces[1]]
    monkeypatch.setattr(library, "EDITION", library.EDITION + 1)
    before = (folder / "One.flac").read_bytes()
    again = write_library(folder, pieces=recomposed)
    assert all(each.composed for each in again)
    assert (folder / "One.flac").read_bytes() != before
    assert read_label(folder / "One.truth.json").edition == library.EDITION


@pytest.mark.parametrize("with_label", [True, False])
def test_a_file_of_yours_is_never_touched(
    library_of_two: tuple[Path, list[Piece], list[Written]], *, with_label: bool
) -> None:
    folder, pieces, _ = library_of_two
    (folder / "One.flac").write_bytes(b"my own recording")
    if not with_label:
        (folder / "One.truth.json").unlink()
    (folder / "notes.txt").write_text("mine")
    before = snapshot(folder)
    with pytest.raises(StoreError, match="so it is yours") as caught:
        write_library(folder, pieces=pieces)
    assert "choose another folder" in caught.value.fix
    assert snapshot(folder) == before


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"made_by": "me"}', b"[1]"])
def test_a_truth_file_of_yours_is_never_touched(
    library_of_two: tuple[Path, list[Piece], list[Written]], content: bytes
) -> None:
    folder, pieces, _ = library_of_two
    (folder / "One.truth.json").write_bytes(content)
    before = snapshot(folder)
    with pytest.raises(StoreError, match="not a ground-truth file"):
        write_library(folder, pieces=pieces)
    assert snapshot(folder) == before


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.flac"
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "One.flac").symlink_to(elsewhere)
    with pytest.raises(SdaError):
        write_library(folder, pieces=[tiny("One")])
    assert not elsewhere.exists()


def test_a_folder_in_the_way_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "One.flac").mkdir()
    with pytest.raises(SdaError):
        write_library(tmp_path, pieces=[tiny("One")])
    assert list((tmp_path / "One.flac").iterdir()) == []


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(StoreError, match="Could not create"):
        write_library(tmp_path / "demo", pieces=[tiny()])


@pytest.mark.parametrize("failing", [0, 1])
def test_a_full_disk_leaves_no_half_files_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    real, calls = os.fsync, list[int]()

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and next(tmp_path.glob(".*.sda-tmp"), None):
            calls.append(descriptor)
            if len(calls) == failing + 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StoreError, match="Could not write"):
        write_library(tmp_path, pieces=[tiny("One")])
    assert [path.name for path in tmp_path.iterdir()] == ["One.flac"][:failing]
    (written,) = write_library(tmp_path, pieces=[tiny("One")])
    assert read_label(written.truth).sha256
    assert {path.name for path in tmp_path.iterdir()} == {"One.flac", "One.truth.json"}


def test_no_place_for_scratch_files_is_an_error_with_a_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(StoreError, match="Could not compose") as caught:
        write_library(tmp_path / "demo", pieces=[tiny()])
    assert "Free some space" in caught.value.fix


def test_reading_a_truth_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Could not read"):
        read_truth(tmp_path / "none.truth.json")


def test_the_truth_file_is_readable_by_a_human(library_of_two: tuple[Path, list[Piece], list[Written]]) -> None:
    text = library_of_two[2][0].truth.read_text(encoding="utf-8")
    assert '\n    "bpm": 240.0,\n' in text
    assert '\n    "key": "C major",\n' in text
    assert text.endswith("}\n")
    assert label.TRUTH_SUFFIX == ".truth.json"


def test_the_whole_library_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def already(piece: Piece) -> Composition:
        return composed(piece.title)

    monkeypatch.setattr(library, "compose", already)
    kinds = set()
    for written in write_library(tmp_path):
        facts = soundfile.info(written.audio)
        composition = composed(written.piece.title)
        kinds.add((facts.format, facts.subtype, facts.samplerate, facts.channels))
        assert facts.frames == composition.samples.shape[1]
        assert facts.frames / facts.samplerate == pytest.approx(read_truth(written.truth).seconds, abs=1e-6)
        samples, _ = soundfile.read(written.audio, dtype="float32", always_2d=True)
        step = 2.0 ** (1 - (16 if facts.subtype == "PCM_16" else 24))
        assert np.abs(samples.T - composition.samples).max() <= step
    assert len(list(tmp_path.iterdir())) == 2 * len(PIECES)
    assert kinds == {("FLAC", "PCM_16", 44100, 2), ("FLAC", "PCM_16", 44100, 1), ("WAV", "PCM_24", 48000, 2)}
