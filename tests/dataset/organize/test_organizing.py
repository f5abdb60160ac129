"""Recordings come into the library whole, once, and without harm to the originals."""

import errno
import json
import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from small_dataset_audio.audio import decode as decoding
from small_dataset_audio.dataset import organize as room
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.lock import LOCK_NAME, track_lock
from small_dataset_audio.dataset.organize import Incoming, assign, find_audio, organize
from small_dataset_audio.errors import NotAudio, SdaError, StoreError, UnreadableInfo
from support.dataset_faults import at_call, calls_of, failing
from support.dataset_library import leave_temporary, recording, temporaries, track_in, tree
from support.dataset_processes import answer, fork, start


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def _incoming(path: Path, library: Path) -> Incoming:
    (incoming,) = assign([path], library)
    return incoming


def test_a_recording_becomes_a_track(tmp_path: Path, library: Path) -> None:
    source = recording(tmp_path / "in" / "Tape: 1.WAV", 200)
    before = (source.read_bytes(), source.stat())
    track = organize(_incoming(source, library))
    assert track == Track(library / "Tape_ 1")
    assert sorted(path.name for path in track.folder.iterdir()) == ["Tape_ 1.INFO", "full_mix.wav"]
    assert track.mix is not None
    assert track.mix.read_bytes() == before[0]
    part = read_info(track.info)["_sda"]
    assert part["source"] == {
        "path": str(source),
        "name": "Tape: 1.WAV",
        "size": len(before[0]),
        "mtime_ns": before[1].st_mtime_ns,
        "sha256": part["audio"]["sha256"],
    }
    assert (part["audio"]["rate"], part["audio"]["channels"], part["audio"]["seconds"]) == (44100, 1, 0.05)
    assert (source.read_bytes(), source.stat().st_mtime_ns) == (before[0], before[1].st_mtime_ns)


def test_what_lies_beside_a_recording_stays_there(tmp_path: Path, library: Path) -> None:
    source = recording(tmp_path / "in" / "Song.wav")
    source.with_suffix(".txt").write_text("lyrics")
    organize(_incoming(source, library))
    assert "lyrics" not in str(tree(library))


@pytest.mark.parametrize("content", [b"", b"This is a letter, not a recording."])
def test_what_is_no_audio_does_not_enter_the_library(tmp_path: Path, library: Path, content: bytes) -> None:
    source = tmp_path / "Song.wav"
    source.write_bytes(content)
    with pytest.raises(NotAudio):
        organize(_incoming(source, library))
    assert not library.exists()


def test_a_recording_under_another_suffix_does_not_enter_the_library(tmp_path: Path, library: Path) -> None:
    source = recording(tmp_path / "Song.wav").rename(tmp_path / "Song.bin")
    with pytest.raises(NotAudio, match="does not end like"):
        organize(_incoming(source, library))
    assert not library.exists()


def test_a_library_whose_place_is_taken_by_a_file(tmp_path: Path, library: Path) -> None:
    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    library.touch()
    with pytest.raises(StoreError, match="Could not create") as caught:
        organize(incoming)
    assert "A file stands" in caught.value.fix


def test_a_folder_that_goes_at_the_wrong_moment_is_left_to_the_lock(tmp_path: Path) -> None:
    assert room._is_folder(tmp_path / "gone")
    assert room._is_folder(tmp_path)
    assert not room._is_folder(recording(tmp_path / "Song.wav"))


def test_a_recording_that_is_gone(tmp_path: Path, library: Path) -> None:
    with pytest.raises(SdaError):
        organize(_incoming(tmp_path / "gone.wav", library))
    assert not library.exists()


def test_a_recording_that_goes_meanwhile_leaves_no_folder(tmp_path: Path, library: Path) -> None:
    source = recording(tmp_path / "Song.wav")
    incoming = _incoming(source, library)
    with at_call(1, source.unlink, name="mkdir"), pytest.raises(StoreError, match="no longer there"):
        organize(incoming)
    assert list(library.iterdir()) == []


@pytest.mark.parametrize("lock_file", [False, True])
def test_a_failed_copy_leaves_no_folder(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch, *, lock_file: bool
) -> None:
    from small_dataset_audio import locks

    monkeypatch.setattr(locks, "_kinds", {tmp_path.stat().st_dev: lock_file})
    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        with pytest.raises(StoreError) as caught:
            organize(incoming)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "ulimit" in caught.value.fix
    assert list(library.iterdir()) == []


def test_a_folder_that_was_there_before_stays(tmp_path: Path, library: Path) -> None:
    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    leave_temporary(track_in(library).folder)
    with failing(1, errno.ENOSPC, name="write"), pytest.raises(StoreError, match=r"full_mix\.wav"):
        organize(incoming)
    assert tree(library) == {}
    assert (library / "Song").is_dir()


def test_a_library_that_cannot_be_written(tmp_path: Path, library: Path) -> None:
    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    for number in (1, 2):
        library.rmdir() if library.exists() else None
        with failing(number, errno.EROFS, name="mkdir"), pytest.raises(StoreError, match="Could not create") as caught:
            organize(incoming)
        assert "read-only" in caught.value.fix


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_whichever_call_fails_the_next_run_completes_it(tmp_path: Path, code: int) -> None:
    source = recording(tmp_path / "Song.wav")
    content = source.read_bytes()
    fixes: list[str] = []
    total = calls_of(lambda: organize(_incoming(source, tmp_path / "count")))
    for number in range(1, total + 1, 2 if code == errno.EIO else 3):
        library = tmp_path / f"library {number}"
        incoming = _incoming(source, library)
        try:
            with failing(number, code):
                organize(incoming)
        except SdaError as error:
            fixes.append(error.fix)
        if library.exists():
            assert all(mix.read_bytes() == content for mix in library.rglob("full_mix.*"))
        track = organize(_incoming(source, library))
        assert track.name == "Song"
        assert sorted(tree(library)) == ["Song/Song.INFO", "Song/full_mix.wav"]
        assert read_info(track.info)["_sda"]["source"]["path"] == str(source)
        assert source.read_bytes() == content
    assert len(fixes) >= 10
    assert all(fixes)


def test_killed_at_every_call_there_is_no_half_track(tmp_path: Path) -> None:
    recording(tmp_path / "source" / "One.wav", 200)
    result = json.loads(answer(start("dataset_crash", "organize", tmp_path)))
    assert result["problems"] == []
    assert result["points"] >= 60


def test_two_runs_at_once_bring_everything_in_once(tmp_path: Path, library: Path) -> None:
    source = tmp_path / "source"
    for number in range(12):
        recording(source / f"{number % 4}" / f"Song {number % 3}.wav", 200 + number)
    for run in [start("dataset_writers", "organize", source, library) for _ in range(3)]:
        answer(run)
    mixes = sorted(track.mix.read_bytes() for track in list_tracks(library) if track.mix)
    assert mixes == sorted(path.read_bytes() for path in find_audio(source))
    assert temporaries(library) == []
    assert {incoming.state for incoming in assign(find_audio(source), library)} == {"present"}


def test_a_name_that_another_run_took_meanwhile(tmp_path: Path, library: Path) -> None:
    first = _incoming(recording(tmp_path / "a" / "Song.wav", 200), library)
    second = _incoming(recording(tmp_path / "b" / "Song.wav", 300), library)
    third = _incoming(recording(tmp_path / "c" / "Song.wav", 300), library)
    assert [organize(incoming).name for incoming in (first, second, first, second)] == [
        "Song",
        "Song (2)",
        "Song",
        "Song (2)",
    ]
    assert organize(third).name == "Song (2)"  # the same recording, from another place
    assert read_info(library / "Song (2)" / "Song (2).INFO")["_sda"]["source"]["path"] == str(second.source)


def test_a_name_that_something_else_took_meanwhile(tmp_path: Path, library: Path) -> None:
    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    library.mkdir()
    (library / "Song").symlink_to(tmp_path)
    (library / "Song (2)").touch()
    (track_in(library, "Song (3)").folder / "project.txt").touch()
    assert organize(incoming).name == "Song (4)"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Song.wav", "library"]


def test_a_copy_whose_note_was_lost_gets_it(tmp_path: Path, library: Path) -> None:
    source = recording(tmp_path / "Song.wav")
    incoming = _incoming(source, library)
    track = organize(incoming)
    expected = read_info(track.info)
    track.info.unlink()
    assert organize(incoming) == track
    assert read_info(track.info) == expected


def test_a_folder_that_another_run_removes_is_made_again(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    real = room._make_folder
    made = []

    def make(folder: Path) -> bool | None:
        made.append(real(folder))
        if len(made) == 1:
            folder.rmdir()
        return made[-1]

    monkeypatch.setattr(room, "_make_folder", make)
    assert organize(incoming).mix is not None
    assert made == [True, True]


def test_present_and_duplicate_recordings_are_not_opened(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        recording(tmp_path / "in" / f"{name}.wav")
    for incoming in assign(find_audio(tmp_path / "in"), library):
        organize(incoming)

    def refuse(path: Path) -> None:
        raise AssertionError(path)

    monkeypatch.setattr(decoding, "probe", refuse)
    again = assign(find_audio(tmp_path / "in"), library)
    assert [incoming.state for incoming in again] == ["present", "duplicate"]
    assert {organize(incoming).name for incoming in again} == {"a"}


def test_an_unreadable_info_is_not_replaced_by_a_note(tmp_path: Path, library: Path) -> None:
    source = recording(tmp_path / "Song.wav")
    track = organize(_incoming(source, library))
    track.info.write_text("not JSON")
    with pytest.raises(UnreadableInfo):
        organize(_incoming(source, library))
    assert track.info.read_text() == "not JSON"


def test_while_another_run_copies_this_one_waits(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    folder = track_in(library).folder
    monkeypatch.setattr(room, "_COPY_SECONDS", 0.05)
    held, hold = os.pipe()
    done, end = os.pipe()
    child = fork()
    if child == 0:
        try:
            with track_lock(folder):
                os.write(hold, b"x")
                os.read(done, 1)
        finally:
            os._exit(0)
    os.read(held, 1)
    with pytest.raises(StoreError, match="Another sda process"):
        organize(incoming)
    os.write(end, b"x")
    os.waitpid(child, 0)
    for descriptor in (held, hold, done, end):
        os.close(descriptor)
    assert organize(incoming).name == "Song"


def test_an_answer_can_be_sent_to_another_process(tmp_path: Path, library: Path) -> None:
    import pickle

    incoming = _incoming(recording(tmp_path / "Song.wav"), library)
    assert pickle.loads(pickle.dumps(incoming)) == incoming
    assert organize(replace(incoming, state="duplicate", duplicate_of=incoming.source)) == incoming.track
    assert not (library / LOCK_NAME).exists()
