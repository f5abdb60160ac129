from pathlib import Path

import pytest

from small_dataset_audio.dataset.demo import Written, write_library
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.organize import assign, organize
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.pipeline.demo import demo_rows, key_name
from support.demo_pieces import tiny


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ({"tonic": 2, "tonic_scale": "minor"}, "D minor"),
        ({"tonic": 10.0, "tonic_scale": "major"}, "Bb major"),
        ({"tonic": 8, "tonic_scale": "minor"}, "G# minor"),
        ({"tonic": 8, "tonic_scale": "major"}, "Ab major"),
        ({"tonic": 2}, None),
        ({"tonic_scale": "minor"}, None),
        ({}, None),
    ],
)
def test_keys_are_spelled_as_musicians_do(info: dict[str, object], name: str | None) -> None:
    assert key_name(info) == name


@pytest.fixture
def written(tmp_path: Path) -> list[Written]:
    return write_library(tmp_path / "recordings", pieces=[tiny("Tiny"), tiny("Small", seed=2)])


def test_a_row_holds_what_was_measured_beside_what_is_true(tmp_path: Path, written: list[Written]) -> None:
    truths = [(one.audio, one.truth) for one in written]
    assert demo_rows(tmp_path / "library", truths) == []
    tracks = [organize(one) for one in assign([audio for audio, _ in truths], tmp_path / "library")]
    tiny_track = next(track for track in tracks if track.name == "Tiny")
    [first, second] = demo_rows(tmp_path / "library", truths)
    assert (first.track.name, second.track.name) == ("Tiny", "Small")
    assert first.tempo.measured is None
    assert first.beats.measured is None
    assert first.key.measured is None
    safe_update(tiny_track.info, {"bpm": 240.4, "tonic": 0, "tonic_scale": "major"})
    write_times(tiny_track.sidecar("BEATS_GRID"), first.truth.beats)
    [first] = demo_rows(tmp_path / "library", truths, without={"Small"})
    assert first.tempo.measured == "240.4 BPM"
    assert first.tempo.good
    assert first.beats.figures["f_measure"] == 1
    assert first.key.good
    assert first.info["bpm"] == 240.4
