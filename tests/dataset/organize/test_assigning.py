"""Which track each recording belongs to."""

import errno
import os
import random
import shutil
from pathlib import Path

import pytest

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import Incoming, assign, assigning, find_audio, organize
from small_dataset_audio.dataset.organize.holdings import awaits
from small_dataset_audio.errors import StoreError
from support.dataset_faults import failing
from support.dataset_library import leave_temporary, recording, track_in, tree


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def _run(source: Path, library: Path) -> list[tuple[str, str, str]]:
    """Organize everything and return (path in the source, state, track)."""
    answers = assign(find_audio(source), library)
    for incoming in answers:
        assert organize(incoming) == incoming.track
    return [_short(source, incoming) for incoming in answers]


def _short(source: Path, incoming: Incoming) -> tuple[str, str, str]:
    return str(incoming.source.relative_to(source)), incoming.state, incoming.track.name


def _plan(source: Path, library: Path) -> list[tuple[str, str, str]]:
    return [_short(source, incoming) for incoming in assign(find_audio(source), library)]


def _forbid_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise AssertionError(path)

    monkeypatch.setattr(assigning, "file_sha256", refuse)


def _watch_hashing(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list that every file joins when it is hashed."""
    read: list[Path] = []

    def watched(path: Path) -> str:
        read.append(path)
        return file_sha256(path)

    monkeypatch.setattr(assigning, "file_sha256", watched)
    return read


def test_new_recordings_get_their_own_names(source: Path, library: Path) -> None:
    recording(source / "One.wav", 200)
    recording(source / "sub" / "Two.wav", 300)
    assert _plan(source, library) == [("One.wav", "new", "One"), ("sub/Two.wav", "new", "Two")]
    assert not library.exists()


def test_a_second_run_finds_everything_present_without_reading(
    source: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        recording(source / f"{number}" / "Same name.wav", 200 + number)
    first = _run(source, library)
    assert first == [
        ("0/Same name.wav", "new", "Same name"),
        ("1/Same name.wav", "new", "Same name (2)"),
        ("2/Same name.wav", "new", "Same name (3)"),
    ]
    before = tree(library)
    _forbid_hashing(monkeypatch)
    assert _run(source, library) == [(path, "present", track) for path, _, track in first]
    assert tree(library) == before


def test_names_do_not_depend_on_the_order_of_the_files(source: Path, library: Path) -> None:
    for number in range(6):
        recording(source / f"{number}" / f"{'song' if number % 2 else 'Song'}.wav", 200 + number)
    files = find_audio(source)
    expected = assign(files, library)
    random.Random(0).shuffle(files)
    assert assign([*files, files[0]], library) == expected
    assert [incoming.track.name for incoming in expected] == [
        "Song", "song (2)", "Song (3)", "song (4)", "Song (5)", "song (6)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "tracks"),
    [
        (["Song.flac", "Song.wav"], ["Song", "Song (2)"]),
        (["a/Song.wav", "b/SONG.wav"], ["Song", "SONG (2)"]),
        (["a/É.wav", "b/E\u0301.wav"], ["É", "É (2)"]),
        (["a/x:y.wav", "a/x?y.wav"], ["x_y", "x_y (2)"]),
        (["a/Song (2).wav", "b/Song.wav", "c/Song.wav"], ["Song (2)", "Song", "Song (3)"]),
        (["x" * 150 + "1.wav", "x" * 150 + "2.wav"], ["x" * 128, "x" * 124 + " (2)"]),
        (["...And.wav", "two\nlines.wav", '😀 "quoted".wav'], ["…And", "two lines", "😀 'quoted'"]),
    ],
)
def test_names_that_would_collide_are_told_apart(
    source: Path, library: Path, names: list[str], tracks: list[str]
) -> None:
    for number, name in enumerate(names):
        recording(source / name, 200 + number)
    plan = {path: track for path, _, track in _plan(source, library)}
    assert [plan[name] for name in names] == tracks
    _run(source, library)
    assert {path: track for path, _, track in _plan(source, library)} == plan


def test_what_was_organized_keeps_its_name_when_others_come(source: Path, library: Path) -> None:
    recording(source / "b" / "Song.wav", 200)
    _run(source, library)
    recording(source / "a" / "Song.wav", 300)
    assert _run(source, library) == [("a/Song.wav", "new", "Song (2)"), ("b/Song.wav", "present", "Song")]


def test_a_renamed_or_moved_recording_is_known_by_its_content(
    source: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording(source / "Song.wav", 200)
    recording(source / "Other.wav", 300)  # of the same size
    _run(source, library)
    (source / "Song.wav").rename(source / "Renamed.wav")
    assert _run(source, library) == [("Other.wav", "present", "Other"), ("Renamed.wav", "present", "Song")]
    noted = read_info(library / "Song" / "Song.INFO")["_sda"]["source"]
    assert (noted["path"], noted["name"]) == (str(source / "Renamed.wav"), "Renamed.wav")
    _forbid_hashing(monkeypatch)
    assert _plan(source, library)[1] == ("Renamed.wav", "present", "Song")


def test_a_new_date_does_not_make_a_new_recording(source: Path, library: Path) -> None:
    path = recording(source / "Song.wav", 200)
    _run(source, library)
    os.utime(path, ns=(5, 5))
    assert _run(source, library) == [("Song.wav", "present", "Song")]
    assert read_info(library / "Song" / "Song.INFO")["_sda"]["source"]["mtime_ns"] == 5


def test_a_changed_recording_is_a_new_track_and_the_old_one_stays(source: Path, library: Path) -> None:
    recording(source / "Song.wav", 200)
    _run(source, library)
    before = tree(library)
    recording(source / "Song.wav", 300)
    assert _run(source, library) == [("Song.wav", "new", "Song (2)")]
    assert before.items() <= tree(library).items()


def test_the_same_content_twice_is_organized_once(source: Path, library: Path) -> None:
    for name in ("b.wav", "a/copy.wav", "z.wav"):
        recording(source / name, 200)
    recording(source / "different.wav", 300)
    plan = assign(find_audio(source), library)
    assert [_short(source, incoming) for incoming in plan] == [
        ("a/copy.wav", "new", "copy"),
        ("b.wav", "duplicate", "copy"),
        ("different.wav", "new", "different"),
        ("z.wav", "duplicate", "copy"),
    ]
    assert {incoming.duplicate_of for incoming in plan if incoming.state == "duplicate"} == {source / "a" / "copy.wav"}
    _run(source, library)
    assert [state for _, state, _ in _run(source, library)] == ["present", "duplicate", "present", "duplicate"]
    assert len(tree(library)) == 4


def test_a_duplicate_alone_is_the_track_itself(source: Path, library: Path, tmp_path: Path) -> None:
    recording(source / "Song.wav", 200)
    _run(source, library)
    recording(tmp_path / "backup" / "Tape.wav", 200)
    assert _run(tmp_path / "backup", library) == [("Tape.wav", "present", "Song")]
    assert _run(source, library) == [("Song.wav", "present", "Song")]


def test_hand_made_tracks_are_known(source: Path, library: Path) -> None:
    track_in(library, "By hand", frequency=200)
    recording(source / "Song.wav", 200)
    assert _run(source, library) == [("Song.wav", "present", "By hand")]
    assert read_info(library / "By hand" / "By hand.INFO")["_sda"]["source"]["name"] == "Song.wav"


def test_a_renamed_track_is_known_by_its_note(source: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording(source / "Song.wav", 200)
    _run(source, library)
    (library / "Song").rename(library / "Better")
    (library / "Better" / "Song.INFO").rename(library / "Better" / "Better.INFO")
    _forbid_hashing(monkeypatch)
    assert _run(source, library) == [("Song.wav", "present", "Better")]


def test_files_of_one_size_are_read_only_where_their_ends_agree(
    source: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.mkdir()
    middle = bytes(200_000)
    contents = {"a": b"1" + middle, "b": b"2" + middle, "c": middle + b"x" + middle, "d": middle + b"y" + middle}
    for name, content in contents.items():
        (source / f"{name}.wav").write_bytes(content)
    read = _watch_hashing(monkeypatch)
    assert {state for _, state, _ in _plan(source, library)} == {"new"}
    assert [path.stem for path in read] == ["c", "d"]


def test_a_recording_that_cannot_be_reached_is_left_to_organize(source: Path, library: Path) -> None:
    (answer,) = assign([source / "gone.wav"], library)
    assert (answer.state, answer.track.name) == ("new", "gone")


def test_recordings_that_cannot_be_read_are_not_compared(
    source: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        recording(source / f"{name}.wav", 200)
    real_open = Path.open

    def refuse(path: Path, mode: str, buffering: int) -> object:
        if path.stem == "a":
            raise PermissionError
        return real_open(path, mode, buffering)

    def fail(path: Path) -> str:
        raise StoreError("x", "y", "z")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(assigning, "file_sha256", fail)
    assert {state for _, state, _ in _plan(source, library)} == {"new"}


def test_a_name_in_use_by_something_else_is_not_taken(source: Path, library: Path) -> None:
    library.mkdir()
    (library / "file").touch()
    (library / "link").symlink_to(source)
    (track_in(library, "project").folder / "notes.txt").touch()
    track = track_in(library, "broken")
    track.info.write_text("{")
    (track.folder / "full_mix.wav").touch()
    for number, name in enumerate(["file", "link", "project", "broken"]):
        recording(source / f"{name}.wav", 200 + number)
    assert {track for _, _, track in _plan(source, library)} == {"file (2)", "link (2)", "project (2)", "broken (2)"}


def test_what_an_interrupted_run_left_is_used_again(source: Path, library: Path) -> None:
    recording(source / "Song.wav", 200)
    leave_temporary(track_in(library, "Song").folder)
    assert _run(source, library) == [("Song.wav", "new", "Song")]
    assert sorted(tree(library)) == ["Song/Song.INFO", "Song/full_mix.wav"]


def test_a_prepared_info_file_is_kept(source: Path, library: Path) -> None:
    recording(source / "Song.wav", 200)
    safe_update(track_in(library, "Song").info, {"caption": "mine"})
    assert _run(source, library) == [("Song.wav", "new", "Song")]
    assert read_info(library / "Song" / "Song.INFO")["caption"] == "mine"


def test_a_removed_recording_comes_back_into_its_track(source: Path, library: Path) -> None:
    recording(source / "Song.wav", 200)
    recording(source / "b" / "Song.wav", 300)
    _run(source, library)
    for name in ("Song", "Song (2)"):
        (library / name / "full_mix.wav").rename(library / name / "drums.wav")
    assert _plan(source, library) == [("Song.wav", "new", "Song"), ("b/Song.wav", "new", "Song (2)")]


def test_a_track_with_an_unreadable_info_is_still_known_by_its_content(source: Path, library: Path) -> None:
    recording(source / "Song.wav", 200)
    _run(source, library)
    (library / "Song" / "Song.INFO").write_text("not JSON")
    assert _plan(source, library) == [("Song.wav", "present", "Song")]


def test_a_mix_that_goes_meanwhile_holds_nothing(source: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording(source / "Song.wav", 200)
    track = track_in(library, "By hand", frequency=200)

    def vanish(_: Track) -> dict[str, object]:
        (track.folder / "full_mix.wav").unlink()
        return {}

    monkeypatch.setattr(assigning, "provenance_of", vanish)
    assert _plan(source, library) == [("Song.wav", "new", "Song")]


def test_whether_a_folder_awaits_a_recording(source: Path, library: Path) -> None:
    song = source / "Song.wav"
    assert awaits(Track(library / "not there"), song)
    assert awaits(track_in(library, "empty"), song)
    assert not awaits(track_in(library, "full", frequency=200), song)
    broken = track_in(library, "broken")
    broken.info.write_text("{")
    assert not awaits(broken, song)
    (library / "file").touch()
    (library / "link").symlink_to(library / "empty")
    assert not awaits(Track(library / "file"), song)
    assert not awaits(Track(library / "link"), song)
    with failing(1, errno.EIO, name="listdir"), pytest.raises(StoreError, match="Could not read"):
        awaits(Track(library / "empty"), song)


def test_a_folder_that_cannot_be_read_is_passed_over(
    source: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> list[str]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    recording(source / "Song.wav", 200)
    track_in(library)
    monkeypatch.setattr(os, "listdir", refuse)
    assert _plan(source, library) == [("Song.wav", "new", "Song (2)")]


def test_a_library_that_cannot_be_read_is_an_error(source: Path, library: Path) -> None:
    library.touch()
    with pytest.raises(StoreError, match="Could not read"):
        assign([], library)


def test_a_thousand_recordings_of_one_name(source: Path, library: Path) -> None:
    files = [source / f"{number}" / "01.wav" for number in range(1000)]
    names = {incoming.track.name for incoming in assign(files, library)}
    assert names == {"01"} | {f"01 ({number})" for number in range(2, 1001)}


def test_the_content_is_compared_with_the_hash_on_record(
    source: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording(source / "Song.wav", 200)
    _run(source, library)
    shutil.move(path, source / "New.wav")
    read = _watch_hashing(monkeypatch)
    assert _plan(source, library) == [("New.wav", "present", "Song")]
    assert read == [source / "New.wav"]
