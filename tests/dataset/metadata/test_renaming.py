"""Track folders under another name: whole at every moment, and completed by the next run."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from small_dataset_audio.dataset.crops.origin import read_origin
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.metadata import renaming
from small_dataset_audio.dataset.metadata.renaming import finish, rename, renaming_of
from small_dataset_audio.dataset.organize import assign, organize
from small_dataset_audio.dataset.times import read_times, write_times
from small_dataset_audio.errors import SdaError, StoreError, UnreadableInfo
from support.signals import tone, write_audio

OLD, NEW = "Ñandú_one", "Nandu one"
ORIGIN = {
    "source": "full_mix.wav",
    "source_sha256": "0",
    "rate": 8000,
    "source_samples": 80,
    "start": 0,
    "stop": 8,
    "fade_ms": 0.0,
}


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def track(tmp_path: Path) -> Track:
    """Return a track with beats, a file of the user's, two crops, and a folder among them that sda did not make."""
    tape = write_audio(tmp_path / f"{OLD}.wav", tone(0.5, 8000), 8000)
    [incoming] = assign([tape], tmp_path / "library")
    made = organize(incoming)
    assert made.name == OLD
    write_times(made.sidecar("BEATS_GRID"), [0.1, 0.2])
    safe_update(made.info, {"lufs": -20.0})
    (made.folder / f"{OLD}.txt").write_text("mine")
    for number in (1, 2):
        crop = Track(made.folder / "crops" / f"{OLD}_{number}")
        crop.folder.mkdir(parents=True)
        write_audio(crop.folder / "full_mix.flac", tone(0.1, 8000), 8000)
        write_times(crop.sidecar("ONSETS"), [0.05 * number])
        safe_update(crop.info, {"lufs": -21.0}, reserved={"crop": {"track": OLD, **ORIGIN}})
    (made.folder / "crops" / "mine").mkdir()
    return made


def check_whole(library: Path, names: set[str]) -> None:
    """Fail unless the library holds exactly one track, of one of ``names``, and every crop is whole."""
    [found] = list_tracks(library)
    assert found.name in names
    assert found.mix is not None
    assert read_info(found.info)["lufs"] == -20.0
    assert list(read_times(found.sidecar("BEATS_GRID"))) == [0.1, 0.2]
    crops = [crop for crop in crop_folders(found) if crop.name != "mine"]
    assert len(crops) == 2
    for number, crop in enumerate(crops, 1):
        assert read_info(crop.info)["lufs"] == -21.0
        assert list(read_times(crop.sidecar("ONSETS"))) == [0.05 * number]


def check_done(library: Path) -> None:
    check_whole(library, {NEW})
    track = Track(library / NEW)
    assert sorted(path.name for path in track.folder.iterdir()) == sorted(
        [f"{NEW}.BEATS_GRID", f"{NEW}.INFO", f"{OLD}.txt", "crops", "full_mix.wav"]
    )
    assert [crop.name for crop in crop_folders(track)] == [f"{NEW}_1", f"{NEW}_2", "mine"]
    for number in (1, 2):
        crop = Track(track.folder / "crops" / f"{NEW}_{number}")
        assert sorted(path.name for path in crop.folder.iterdir()) == [
            f"{crop.name}.INFO",
            f"{crop.name}.ONSETS",
            "full_mix.flac",
        ]
        origin = read_origin(crop)
        assert origin is not None
        assert origin.track == NEW
    assert sorted(path.name for path in library.iterdir()) == [NEW]


def test_a_track_and_its_crops_are_renamed(track: Track) -> None:
    library = track.folder.parent
    made = rename(track, NEW)
    assert made == Track(library / NEW)
    check_done(library)
    assert read_info(made.info)["_sda"]["renamed"] == {"from": OLD}
    assert finish(made) is False


def test_the_recording_is_known_again_under_its_new_name(track: Track, tmp_path: Path) -> None:
    made = rename(track, NEW)
    [incoming] = assign([tmp_path / f"{OLD}.wav"], tmp_path / "library")
    assert (incoming.state, incoming.track) == ("present", made)


def steps_of(track: Track, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], stop_at: int) -> int:
    """Return how many changes to the disk ``act`` made; at the one numbered ``stop_at`` the process ends."""
    done = 0

    def counted(name: str) -> None:
        real = getattr(os, name)

        def change(*arguments: object, **named: object) -> object:
            nonlocal done
            done += 1
            if 0 < stop_at <= done:  # from there on nothing is cleaned up either
                raise Killed
            return real(*arguments, **named)

        monkeypatch.setattr(os, name, change)

    for name in ("rename", "replace", "unlink", "mkdir", "rmdir"):
        counted(name)
    try:
        act()
    except Killed:
        pass
    finally:
        monkeypatch.undo()
    return done


def test_a_kill_at_any_moment_leaves_a_whole_library_and_the_next_run_completes_it(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tmp_path / "original"
    shutil.copytree(track.folder.parent, original)
    everything = steps_of(track, monkeypatch, lambda: rename(track, NEW), 0)
    check_done(track.folder.parent)
    assert everything > 10
    for moment in range(1, everything + 1):
        library = tmp_path / f"library {moment}"
        shutil.copytree(original, library)
        steps_of(track, monkeypatch, lambda library=library: rename(Track(library / OLD), NEW), moment)  # type: ignore[misc]
        check_whole(library, {OLD, NEW})
        [there] = list_tracks(library)
        finish(there)
        if (again := renaming_of(there)) is not None and again.name is not None:
            rename(there, again.name)
        check_done(library)


@pytest.mark.parametrize("blocked", ["rename", "replace"])
def test_a_disk_that_refuses_changes_nothing(track: Track, monkeypatch: pytest.MonkeyPatch, blocked: str) -> None:
    real = getattr(Path, blocked)

    def refuse(self: Path, target: Path) -> object:
        if NEW in str(target):
            raise OSError(28, "No space left on device")
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, blocked, refuse)
        with pytest.raises(StoreError, match="No space"):
            rename(track, NEW)
    check_whole(track.folder.parent, {OLD})
    assert sorted(path.name for path in track.folder.parent.iterdir()) == [OLD]
    assert not list(track.folder.glob(f"{NEW}*"))


def test_a_name_that_is_taken_gets_a_number(track: Track) -> None:
    library = track.folder.parent
    (library / NEW).mkdir()
    (library / NEW / "something").write_text("x")
    (library / f"{NEW} (2)").write_text("a file")
    assert rename(track, NEW).name == f"{NEW} (3)"
    empty = Track(library / f"{NEW} (3)")
    (library / "Plain").mkdir()
    assert rename(empty, "Plain").name == "Plain"  # an empty folder is nobody's


def test_what_cannot_be_read_is_not_renamed(track: Track) -> None:
    track.info.write_text("{")
    with pytest.raises(UnreadableInfo):
        rename(track, NEW)
    assert track.folder.is_dir()
    assert not (track.folder.parent / NEW).exists()


def test_a_track_that_is_gone(track: Track) -> None:
    shutil.rmtree(track.folder)
    with pytest.raises(SdaError):
        rename(track, NEW)


def test_a_crop_in_the_way_is_told(track: Track) -> None:
    (track.folder / "crops" / f"{NEW}_1").mkdir()
    with pytest.raises(StoreError, match="stands in the way"):
        rename(track, NEW)
    made = Track(track.folder.parent / NEW)
    check_whole_crops = [crop.name for crop in crop_folders(made)]
    assert f"{OLD}_1" in check_whole_crops
    (made.folder / "crops" / f"{NEW}_1").rmdir()
    assert finish(made) is True
    check_done(track.folder.parent)


def test_crops_that_sda_did_not_make_keep_their_names(track: Track) -> None:
    strange = track.folder / "crops" / f"{OLD}_7"
    strange.mkdir()
    made = rename(track, NEW)
    assert (made.folder / "crops" / f"{OLD}_7").is_dir()
    assert finish(made) is False


@pytest.mark.parametrize(
    ("name", "expected"), [("Blue Café", None), ("Ñandú", "Nandu"), ("夜", "cannot"), ("ﬁne", "cannot")]
)
def test_what_is_to_be_renamed(tmp_path: Path, name: str, expected: str | None) -> None:
    """Where some file systems take both names for the same, the name stays."""
    found = renaming_of(Track(tmp_path / name))
    assert (None if found is None else found.name or "cannot") == expected


@pytest.mark.parametrize("note", [{}, {"from": 5}, {"from": ""}, {"from": NEW}, "text"])
def test_notes_that_say_nothing(tmp_path: Path, note: object) -> None:
    track = Track(tmp_path / NEW)
    track.folder.mkdir()
    safe_update(track.info, {}, reserved={renaming.NOTE: note})
    assert finish(track) is False
