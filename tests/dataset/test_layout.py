"""Which folders are tracks, and which files are theirs."""

import os
from pathlib import Path

import pytest

from small_dataset_audio.dataset.layout import Listing, Track, holds_tracks, list_folders, list_tracks, listing
from small_dataset_audio.dataset.once import asked_once
from small_dataset_audio.errors import StoreError
from support.dataset_faults import lock_folder
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
    with pytest.raises(StoreError, match="is no library"):
        list_tracks(tmp_path / "file")


def test_a_folder_that_cannot_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (track_in(tmp_path, "good").folder / "full_mix.wav").touch()
    track_in(tmp_path, "locked")
    lock_folder("locked", monkeypatch)
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


def test_paths_as_text_are_those_of_the_paths(tmp_path: Path) -> None:
    for name in ("plain", "S.O.S. vol.1", "line\nbreak", "caf\udce9"):
        track = Track(tmp_path / name)
        assert track.beside("INFO") == os.fspath(track.info)
        assert track.beside("BEATS_GRID") == os.fspath(track.sidecar("BEATS_GRID"))
        assert track.file("full_mix.wav") == os.fspath(track.folder / "full_mix.wav")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that are listed from now on."""
    found: list[str] = []
    real = os.scandir

    def listed(path: str | Path) -> object:
        found.append(os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", listed)
    return found


def test_a_folder_is_listed_once_for_all_that_is_asked_of_it(tmp_path: Path, asked: list[str]) -> None:
    track = track_in(tmp_path, "a")
    for name in ("full_mix.wav", "bass.FLAC", "bass.mp3", "a.INFO", "a.ONSETS", "notes.txt", "drums"):
        (track.folder / name).touch()
    (track.folder / "vocals.wav").mkdir()
    with asked_once():
        found = listing(track)
        assert (track.mix, track.stems()) == (track.folder / "full_mix.wav", {"bass": track.folder / "bass.FLAC"})
        assert listing(Track(tmp_path / "a")) is found
    assert asked == [os.fspath(track.folder)]
    assert found.names == {path.name for path in track.folder.iterdir()}
    assert found.audio == {"full_mix": "full_mix.wav", "bass": "bass.FLAC"}
    assert found.is_track("a")


@pytest.mark.parametrize(
    ("names", "track"),
    [
        ({"a.INFO"}, True),
        ({"full_mix.MP3"}, True),
        ({"full_mix.txt", "A.INFO", "drums.wav", "full_mix"}, False),
        (set(), False),
    ],
)
def test_what_a_listing_says_of_a_track_is_what_a_library_lists(tmp_path: Path, names: set[str], track: bool) -> None:  # noqa: FBT001 - a table
    folder = track_in(tmp_path, "a").folder
    for name in names:
        (folder / name).touch()
    assert Listing(frozenset(names)).is_track("a") is track
    assert listing(Track(folder)).is_track("a") is track
    assert [one.name for one in list_tracks(tmp_path)] == ["a"] * track
    assert holds_tracks(tmp_path) is track
    assert list_folders(tmp_path) == ["a"]


def test_a_library_holds_tracks_as_soon_as_one_is_found(tmp_path: Path, asked: list[str]) -> None:
    for name in "abc":
        (track_in(tmp_path, name).folder / "full_mix.wav").touch()
    assert holds_tracks(tmp_path)
    assert asked == [os.fspath(tmp_path), os.fspath(tmp_path / "a")]
