"""Which folders are tracks, and which files are theirs."""

import errno
import os
from pathlib import Path

import pytest

from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.errors import StoreError
from support.dataset_library import leave_temporary, track_in


def test_the_files_of_a_track(tmp_path: Path) -> None:
    track = track_in(tmp_path, "Nº 5: “Où?”")
    for name in ("full_mix.FLAC", "vocals.flac", "bass.wav", "drums.txt", "full_mix.txt", "other.wav.part"):
        (track.folder / name).touch()
    assert track.name == "Nº 5: “Où?”"
    assert track.info == track.folder / "Nº 5: “Où?”.INFO"
    assert track.sidecar("BEATS_GRID") == track.folder / "Nº 5: “Où?”.BEATS_GRID"
    assert track.mix == track.folder / "full_mix.FLAC"
    assert list(track.stems().items()) == [
        ("bass", track.folder / "bass.wav"),
        ("vocals", track.folder / "vocals.flac"),
    ]


def test_a_name_with_dots_is_no_suffix(tmp_path: Path) -> None:
    track = track_in(tmp_path, "S.O.S. vol.1")
    assert track.info.name == "S.O.S. vol.1.INFO"


def test_of_two_mixes_the_lossless_one_is_read(tmp_path: Path) -> None:
    track = track_in(tmp_path)
    for suffix in (".mp3", ".m4a"):
        (track.folder / f"full_mix{suffix}").touch()
    assert track.mix == track.folder / "full_mix.m4a"
    (track.folder / "full_mix.flac").touch()
    assert track.mix == track.folder / "full_mix.flac"
    (track.folder / "full_mix.wav").mkdir()
    assert track.mix == track.folder / "full_mix.flac"


def test_a_track_without_a_recording(tmp_path: Path) -> None:
    track = Track(tmp_path / "Nothing")
    assert track.mix is None
    assert track.stems() == {}


def test_only_track_folders_are_listed(tmp_path: Path) -> None:
    for name in ("b", "a", "Z", "é", "line\nbreak", "🎸"):
        (track_in(tmp_path, name).folder / "full_mix.wav").touch()
    (track_in(tmp_path, "only info").folder / "only info.INFO").touch()
    (track_in(tmp_path, ".hidden").folder / "full_mix.wav").touch()
    (track_in(tmp_path, "someone's").folder / "drums.wav").touch()
    (track_in(tmp_path, "other info").folder / "Song.INFO").touch()
    (track_in(tmp_path, "notes").folder / "full_mix.txt").touch()
    leave_temporary(track_in(tmp_path, "interrupted").folder)
    (tmp_path / "full_mix.wav").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    names = [track.name for track in list_tracks(tmp_path)]
    assert names == sorted(["Z", "a", "b", "line\nbreak", "only info", "é", "🎸"])


def test_an_empty_library_has_no_tracks(tmp_path: Path) -> None:
    assert list_tracks(tmp_path) == []


def test_a_library_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no library") as caught:
        list_tracks(tmp_path / "missing")
    assert "paths.library" in caught.value.fix
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Could not read"):
        list_tracks(tmp_path / "file")


def test_a_folder_that_cannot_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (track_in(tmp_path, "good").folder / "full_mix.wav").touch()
    track_in(tmp_path, "locked")
    real = os.scandir

    def scandir(path: str) -> object:
        if os.fspath(path).endswith("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [track.name for track in list_tracks(tmp_path)] == ["good", "locked"]
    with pytest.raises(StoreError, match="Could not read"):
        _ = Track(tmp_path / "locked").mix


def test_listing_opens_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (track_in(tmp_path).folder / "full_mix.wav").touch()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    assert len(list_tracks(tmp_path)) == 1
