import contextlib
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from small_dataset_audio.dataset.crops.origin import read_origin
from small_dataset_audio.dataset.crops.places import crop_folders, crop_name, crops_folder, is_crop
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import SdaError, StoreError
from support.crop_tracks import carried_out, crop_settings, cuttable
from support.dataset_faults import calls_of, failing
from support.dataset_library import tree
from support.signals import noise

TESTS = Path(__file__).parents[2]


@pytest.mark.process
def test_a_process_that_dies_leaves_whole_crops_or_none(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.crop_crash", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": f"{TESTS.parent / 'src'}:{TESTS}"},
    )
    found = json.loads(done.stdout)
    for trial in found.values():
        assert trial["problems"] == []
        assert trial["points"] > 100


def test_a_disk_that_is_full_at_any_point_leaves_whole_crops_or_none(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", noise(1.0, 8000), bars=2)
    settings = crop_settings(tmp_path, samples=8000, fade_ms=0.0)
    calls = calls_of(lambda: carried_out(track, settings))
    whole = tree(crops_folder(track)).keys()
    for number in range(1, calls, 29):
        carried_out(track, crop_settings(tmp_path, samples=4000), force=True)
        with failing(number, errno.ENOSPC), contextlib.suppress(SdaError, OSError):
            carried_out(track, settings, force=True)
        for crop in crop_folders(track):
            assert read_origin(crop) is not None
            assert crop.mix is not None
        carried_out(track, settings, force=True)
        assert tree(crops_folder(track)).keys() == whole


@pytest.mark.parametrize("name", ["mkdir", "rename"])
def test_a_refusal_of_the_system_is_told_with_a_fix(tmp_path: Path, name: str) -> None:
    track = cuttable(tmp_path / "library", noise(1.0, 8000), bars=2)
    settings = crop_settings(tmp_path, samples=4000)
    calls = 3 if name == "mkdir" else 8
    refusals = []
    for number in range(1, calls + 1):
        with failing(number, errno.EROFS, name=name):
            try:
                carried_out(track, settings, force=True)
            except StoreError as error:
                refusals.append(error.fix)
        assert not list(crops_folder(track).glob(".*"))
    assert refusals
    assert all("read-only" in fix for fix in refusals)


def test_what_cannot_be_cleaned_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = cuttable(tmp_path / "library", noise(1.0, 8000), bars=2)
    (crops_folder(track) / ".0.sda-tmp").mkdir(parents=True)

    def refuse(_path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(StoreError, match="clean up"):
        carried_out(track, crop_settings(tmp_path, samples=4000))


def test_crops_are_listed_by_their_number_and_hidden_folders_are_none(tmp_path: Path) -> None:
    track = Track(tmp_path / "tape")
    assert crop_folders(track) == []
    for name in ("tape_10", "tape_9", "tape_1", "mine", ".hidden"):
        (crops_folder(track) / name).mkdir(parents=True)
    (crops_folder(track) / "file").touch()
    assert [crop.name for crop in crop_folders(track)] == ["mine", "tape_1", "tape_9", "tape_10"]
    assert crop_name(track, 3) == "tape_3"
    assert not is_crop(track)
    assert crop_folders(Track(crops_folder(track) / "file" / "x")) == []


def test_a_folder_of_crops_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with failing(1, errno.EACCES, name="scandir"), pytest.raises(StoreError, match="read"):
        crop_folders(Track(tmp_path))


@pytest.mark.parametrize(
    "part",
    [
        "text",
        {},
        {"track": "a", "source": "b", "source_sha256": "c", "rate": 1, "source_samples": 2, "start": "x", "stop": 2, "fade_ms": 0},
        {"track": "a", "source": "b", "source_sha256": "c", "rate": 1, "source_samples": 2, "start": 0, "stop": 2, "fade_ms": 0, "new": 1},
    ],
)  # fmt: skip
def test_what_another_program_or_a_newer_sda_says_of_a_crop_is_not_guessed_at(tmp_path: Path, part: object) -> None:
    crop = Track(tmp_path / "tape_1")
    crop.folder.mkdir()
    assert read_origin(crop) is None
    safe_update(crop.info, {}, reserved={"crop": part})
    assert read_origin(crop) is None
    assert read_info(crop.info)["_sda"]["crop"] == part
