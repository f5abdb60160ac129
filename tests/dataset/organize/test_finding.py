"""Which files of a folder are recordings."""

import os
from pathlib import Path

import pytest

from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.organize.finding import find_audio, search
from small_dataset_audio.errors import StoreError
from support.dataset_faults import lock_folder


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _names(source: Path, **options: Path) -> list[str]:
    return [str(path.relative_to(source)) for path in find_audio(source, **options)]


def test_recordings_are_found_below_and_sorted(tmp_path: Path) -> None:
    _touch(tmp_path, "b.WAV", "a/z.flac", "a/b/c.Mp3", "a.ogg", "d.opus", "e.m4a", "f.aiff", "Ü 😀\n.wav")
    _touch(tmp_path, "b.txt", "cover.jpg", "noise", "wav", "x.wav.part")
    assert _names(tmp_path) == sorted(
        ["b.WAV", "a/z.flac", "a/b/c.Mp3", "a.ogg", "d.opus", "e.m4a", "f.aiff", "Ü 😀\n.wav"]
    )
    assert all(path.is_absolute() for path in find_audio(tmp_path))


def test_hidden_files_are_left_out_but_titles_with_dots_are_not(tmp_path: Path) -> None:
    _touch(tmp_path, "._a.wav", ".b.wav", ".trash/c.wav", ".wav", "...And Justice.wav", "..d.wav")
    assert _names(tmp_path) == ["...And Justice.wav", "..d.wav"]


def test_the_library_inside_the_source_is_left_out(tmp_path: Path) -> None:
    _touch(tmp_path, "a.wav", "data/library/Song/full_mix.wav")
    library = tmp_path / "data" / "library"
    assert _names(tmp_path, library=library) == ["a.wav"]
    (tmp_path / "way").symlink_to(library)
    assert _names(tmp_path, library=tmp_path / "way") == ["a.wav"]
    assert _names(tmp_path, library=tmp_path / "not yet") == ["a.wav", "data/library/Song/full_mix.wav"]


@pytest.mark.parametrize("inside", [".", "Song", "Song/full_mix.wav"])
def test_the_library_is_no_source(tmp_path: Path, inside: str) -> None:
    _touch(tmp_path, "library/Song/full_mix.wav")
    source = tmp_path / "library" / inside
    with pytest.raises(StoreError, match="inside the library"):
        find_audio(source, library=tmp_path / "library")


def test_a_single_file(tmp_path: Path) -> None:
    _touch(tmp_path, "a.wav", "a.txt")
    assert find_audio(tmp_path / "a.wav") == [tmp_path / "a.wav"]
    assert find_audio(tmp_path / "a.txt") == []


def test_a_path_from_here_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _touch(tmp_path, "in/a.wav")
    monkeypatch.chdir(tmp_path)
    assert find_audio(Path("in")) == [tmp_path / "in" / "a.wav"]


def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    _touch(tmp_path, "in/z/a.wav", "out/b.wav")
    source = tmp_path / "in"
    (source / "a link to z").symlink_to(source / "z")
    (source / "z" / "up").symlink_to(source)
    (source / "out").symlink_to(tmp_path / "out")
    (tmp_path / "out" / "back").symlink_to(source)
    (source / "file.wav").symlink_to(tmp_path / "out" / "b.wav")
    assert _names(source) == ["file.wav", "out/b.wav", "z/a.wav"]


def test_what_cannot_be_followed_is_reported(tmp_path: Path) -> None:
    _touch(tmp_path, "a.wav")
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self.wav").symlink_to(tmp_path / "self.wav")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.wav")
    found = search(tmp_path)
    assert found.files == [tmp_path / "a.wav"]
    assert [problem.what.split("/")[-1] for problem in found.problems] == [
        "gone.wav was left out.",
        "pipe.wav was left out.",
        "self.wav was left out.",
    ]


def test_a_folder_that_cannot_be_read_does_not_stop_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _touch(tmp_path, "a.wav", "locked/b.wav", "z/c.wav")
    lock_folder("locked", monkeypatch)
    found = search(tmp_path)
    assert [path.name for path in found.files] == ["a.wav", "c.wav"]
    assert "locked" in found.problems[0].what
    with pytest.raises(StoreError, match="Could not read"):
        search(tmp_path / "locked")


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing at") as caught:
        search(tmp_path / "missing")
    assert "typing mistakes" in caught.value.fix
    _touch(tmp_path, "file")
    with pytest.raises(StoreError, match="Could not read"):
        search(tmp_path / "file" / "below")


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    assert find_audio(tmp_path) == []


def test_a_very_deep_folder(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
    _touch(deep, "a.wav")
    assert find_audio(tmp_path) == [deep / "a.wav"]


def test_the_tracks_of_another_library_are_left_out_with_all_that_is_in_them(tmp_path: Path) -> None:
    _touch(tmp_path, "a.wav", "old/library/notes.wav")
    track = tmp_path / "old" / "library" / "Song"
    _touch(track, "full_mix.wav", "bass.flac", "crops/Song_1/full_mix.flac")
    assert len(find_audio(tmp_path)) == 5
    safe_update(track / "Song.INFO", {}, reserved={"source": {"path": "/tapes/Song.wav"}})
    found = search(tmp_path)
    assert [path.name for path in found.files] == ["a.wav", "notes.wav"]
    assert found.tracks == [str(track)]


def test_a_file_of_that_name_that_sda_did_not_write_makes_no_track(tmp_path: Path) -> None:
    _touch(tmp_path, "Song/a.wav", "Other/b.wav", "Other/Song.INFO")
    (tmp_path / "Song" / "Song.INFO").write_text('{"bpm": 120}')
    assert _names(tmp_path) == ["Other/b.wav", "Song/a.wav"]
    assert search(tmp_path).tracks == []
