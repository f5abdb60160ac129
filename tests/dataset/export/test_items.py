from pathlib import Path

import pytest

from small_dataset_audio.dataset.export.items import gather
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError
from support.export_library import add_crops, add_track


def test_whole_tracks_where_there_are_no_crops(tmp_path: Path) -> None:
    add_track(tmp_path, "b", 1)
    add_track(tmp_path, "a ä", 0, suffix=".wav")
    gathered = gather(tmp_path, None)
    assert gathered.of == "tracks"
    assert [(item.name, item.song.name, item.stem) for item in gathered.items] == [
        ("a ä", "a ä", "a-a"),
        ("b", "b", "b"),
    ]
    assert [item.source.name for item in gathered.items] == ["full_mix.wav", "full_mix.flac"]
    assert gathered.left_out == []


def test_crops_where_there_are_some_and_a_word_on_tracks_without(tmp_path: Path) -> None:
    add_crops(add_track(tmp_path, "a", 0), [1, 2])
    add_track(tmp_path, "b", 3)
    gathered = gather(tmp_path, None)
    assert gathered.of == "crops"
    assert [(item.name, item.song.name) for item in gathered.items] == [("a_1", "a"), ("a_2", "a")]
    [left_out] = gathered.left_out
    assert (left_out.name, left_out.failed) == ("b", False)
    assert "sda crop" in left_out.error.fix
    assert left_out.as_dict()["file"] == str(tmp_path / "b")
    assert [item.name for item in gather(tmp_path, "tracks").items] == ["a", "b"]


def test_crops_and_tracks_of_the_same_name_get_files_of_their_own(tmp_path: Path) -> None:
    add_crops(add_track(tmp_path, "a", 0), [1])
    add_crops(add_track(tmp_path, "a_1", 2), [3])
    add_track(tmp_path / "a" / "crops", "A_1", 4)
    stems = [item.stem for item in gather(tmp_path, "crops").items]
    assert len({stem.lower() for stem in stems}) == 3


def test_what_is_wrong_with_a_track_is_said(tmp_path: Path) -> None:
    add_track(tmp_path, "good", 0)
    add_track(tmp_path, "broken", 1).info.write_text("{")
    bare = Track(tmp_path / "bare")
    bare.folder.mkdir()
    bare.info.write_text("{}")
    gathered = gather(tmp_path, None)
    assert [item.name for item in gathered.items] == ["good"]
    assert [(one.name, one.failed) for one in gathered.left_out] == [("bare", True), ("broken", True)]
    assert "no recording" in gathered.left_out[0].error.what
    assert gathered.left_out[1].file == tmp_path / "broken" / "broken.INFO"


def test_a_folder_that_cannot_be_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_track(tmp_path, "good", 0)
    add_track(tmp_path, "locked", 1)
    whole = Track.mix

    def refuse(track: Track) -> Path | None:
        if track.name == "locked":
            raise StoreError(
                "Could not read it.", "The operating system answered: Permission denied.", "Give yourself it."
            )
        return whole.fget(track)  # type: ignore[attr-defined, no-any-return]

    monkeypatch.setattr(Track, "mix", property(refuse))
    gathered = gather(tmp_path, "tracks")
    assert [(one.name, one.error.what) for one in gathered.left_out] == [("locked", "Could not read it.")]


def test_an_empty_library_is_an_error_with_a_fix(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing to export"):
        gather(tmp_path, None)
    with pytest.raises(StoreError, match="no library"):
        gather(tmp_path / "gone", None)
