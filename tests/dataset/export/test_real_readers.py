"""Exports as the programs read them that they are made for: every recording, once, with every value, and no other sound."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from small_dataset_audio.dataset.export.exporting import FormatName, export
from small_dataset_audio.dataset.export.formats.audiofolder import values_of
from small_dataset_audio.dataset.export.result import Exported
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import list_tracks
from small_dataset_audio.features.catalog import BY_NAME
from support.export_library import RATE, SECONDS, add_crops, add_track, heard_hertz, hertz, request
from support.trainer import answer_of, require_trainer

pytestmark = pytest.mark.process

_SUFFIXES = (".flac", ".wav", ".aiff", ".mp3", ".ogg", ".FLAC", ".caf", ".wav")
_NAMES = ("Alpha", "alpha", "Béla, Nr. 9", "日本", "train", "a [live] {take}", "…hidden 50%", "it's 'x'")
_CONFIGS = {"dataset_config.json": "train", "dataset_config_validation.json": "validation"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library of eight recordings in as many kinds of file; one tempo is beyond its range, one has more values."""
    folder = tmp_path_factory.mktemp("train validation") / "library"
    for number, (name, suffix) in enumerate(zip(_NAMES, _SUFFIXES, strict=True)):
        values: dict[str, Any] = {"music_flamingo_full": f"This is {name}."}
        values |= {"bpm": 999.5} if number == 7 else {}
        values |= {"only_here": 1.5, "lra": 3.0, "rating": "good"} if number == 3 else {"rating": number}
        add_track(folder, name, number, values, suffix=suffix)
    return folder


def _exported(library: Path, form: FormatName, output: Path, **changed: object) -> Exported:
    return export(request(form, library, output, share=0.25, **changed), BY_NAME, lambda _: None)


def _infos(library: Path) -> dict[str, dict[str, Any]]:
    found = {track.name: read_info(track.info) for track in list_tracks(library)}
    return {name: {key: value for key, value in info.items() if key != "_sda"} for name, info in found.items()}


def _heard_as(name: str) -> Any:  # noqa: ANN401 - pytest's approximation
    return pytest.approx(hertz(_NAMES.index(name)), abs=2)


@dataclass(frozen=True)
class _Trained:
    """What the trainer read of an export: dataset config -> its recordings, and what its conditioners made of them."""

    output: Path
    done: Exported
    answers: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def trained(library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, _Trained]:
    """Return what the trainer reads of the library, and of the crops of another whose export has relative paths."""
    require_trainer()
    home = tmp_path_factory.mktemp("trained")
    for song in range(4):
        add_crops(add_track(home / "library", f"Song {song}", 40 + song), [3 * song, 3 * song + 1, 3 * song + 2])
    tracks, crops = home / "tracks", home / "crops"
    done = {
        "tracks": _exported(library, "stable-audio", tracks),
        "crops": _exported(home / "library", "stable-audio", crops, root=Path()),
    }
    whole, half = str(round(SECONDS * RATE)), str(RATE // 2)
    wanted = [word for config in _CONFIGS for word in (str(tracks / config), whole, str(crops / config), half)]
    answers = answer_of("read_as_trainer.py", *wanted, cwd=crops)
    return {
        name: _Trained(home / name, done[name], {config: answers[str(home / name / config)] for config in _CONFIGS})
        for name in done
    }


def test_stable_audio_tools_reads_every_recording_once_with_every_id(
    library: Path, trained: dict[str, _Trained]
) -> None:
    output, done = trained["tracks"].output, trained["tracks"].done
    infos = _infos(library)
    numbers = done.conditioning.numbers
    read: dict[str, str] = {}
    for config, answer in trained["tracks"].answers.items():
        for row in answer["recordings"]:
            beside = json.loads((output / _CONFIGS[config] / row["relpath"]).with_suffix(".json").read_bytes())
            name, told = beside["track"], row["told"]
            assert name not in read
            read[name] = config
            assert row["shape"] == [2, round(SECONDS * RATE)]
            assert row["hertz"] == _heard_as(name)
            assert beside["values"] == infos[name]
            assert told["prompt"].endswith(f"A minor. This is {name}.")
            assert (told["seconds_start"], told["seconds_total"]) == (0, 1)
            assert {one.name: told[one.name] for one in numbers} == {
                one.name: min(max(infos[name][one.name], one.low), one.high) for one in numbers
            }
        assert set(answer["embedded"]) == {"seconds_start", "seconds_total", *(one.name for one in numbers)}
        assert {len(rows) for rows in answer["embedded"].values()} == {len(answer["recordings"])}
    assert sorted(read) == sorted(infos)
    assert sum(config == "dataset_config_validation.json" for config in read.values()) == 2
    assert {one.name for one in numbers} == {"bpm", "bpm_is_defined", "tonic", "lufs"}
    assert [one.name for one in done.conditioning.lacking] == ["lra"]
    assert done.clipped == {"bpm": 1}
    assert (done.verified.files, done.left_out) == (8, [])


def test_stable_audio_tools_reads_crops_from_their_start_by_relative_paths(trained: dict[str, _Trained]) -> None:
    answers = trained["crops"].answers
    assert trained["crops"].done.layout.of == "crops"
    heard = {
        config: sorted(round((row["hertz"] - hertz(0)) / (hertz(1) - hertz(0))) for row in answer["recordings"])
        for config, answer in answers.items()
    }
    assert sorted(number for numbers in heard.values() for number in numbers) == list(range(12))
    [held_back] = {number // 3 for number in heard["dataset_config_validation.json"]}
    assert heard["dataset_config_validation.json"] == [3 * held_back, 3 * held_back + 1, 3 * held_back + 2]
    assert all(row["told"]["seconds_start"] == 0 for answer in answers.values() for row in answer["recordings"])


def test_datasets_reads_every_recording_with_every_value(library: Path, tmp_path: Path) -> None:
    require_trainer()
    output = tmp_path / "export"
    done = _exported(library, "audiofolder", output)
    infos, told = _infos(library), done.ready[0].told()
    answer = answer_of("read_as_datasets.py", output, tmp_path / "cache", cwd=tmp_path)
    assert {split: len(rows) for split, rows in answer.items()} == {"train": 6, "validation": 2}
    read = []
    for row in [row for rows in answer.values() for row in rows]:
        samples, rate = np.array([row.pop("samples")]), row.pop("rate_heard")
        assert (rate, samples.shape[1]) == (RATE, round(SECONDS * RATE))
        assert heard_hertz(samples, rate) == _heard_as(row["track"])
        assert values_of(row, told) == infos[row["track"]]
        assert row["prompt"].endswith(f"This is {row['track']}.")
        read.append(row["track"])
    assert sorted(read) == sorted(infos)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # webdataset leaves its shards open
def test_webdataset_reads_every_recording_with_every_value(library: Path, tmp_path: Path) -> None:
    import webdataset

    output = tmp_path / "export"
    _exported(library, "webdataset", output)
    infos = _infos(library)
    read = []
    for split, count in (("train", 6), ("validation", 2)):
        rows = list(webdataset.WebDataset(str(output / f"{split}-000000.tar"), shardshuffle=False))
        assert len(rows) == count
        for row in rows:
            known = json.loads(row["json"])
            [content] = [row[suffix] for suffix in ("flac", "wav") if suffix in row]
            sound, rate = soundfile.read(io.BytesIO(content), always_2d=True)
            name = known["track"]
            assert heard_hertz(sound.T, rate) == _heard_as(name)
            assert {key: known[key] for key in infos[name]} == infos[name]
            assert (known["song"], known["split"], known["channels"]) == (name, split, 2)
            read.append(name)
    assert sorted(read) == sorted(infos)
