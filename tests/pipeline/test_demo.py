import re
from pathlib import Path

import pytest

from small_dataset_audio.dataset.demo import Written, write_library
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.organize import assign, organize
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.pipeline.demo import demo_rows, in_a_sentence
from support.demo_pieces import tiny


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


def test_each_piece_is_told_in_a_sentence(tmp_path: Path, written: list[Written]) -> None:
    truths = [(one.audio, one.truth) for one in written]
    tracks = {
        one.name: one for one in (organize(one) for one in assign([audio for audio, _ in truths], tmp_path / "library"))
    }
    assert in_a_sentence(demo_rows(tmp_path / "library", truths)) == ["Tiny.", "Small."]
    safe_update(
        tracks["Tiny"].info,
        {"bpm": 240.4, "tonic": 0, "tonic_scale": "major", "lufs": -9.84, "brightness": 61.0, "onset_count": 12},
    )
    write_times(tracks["Tiny"].sidecar("BEATS_GRID"), demo_rows(tmp_path / "library", truths)[0].truth.beats)
    safe_update(tracks["Small"].info, {"bpm": 120.0, "lufs": -20.0, "brightness": 50.0})
    first, second = in_a_sentence(demo_rows(tmp_path / "library", truths))
    assert re.fullmatch(
        r"Tiny: 240.4 BPM in C major, \d+ of \d+ beats found, -9.8 LUFS; the fastest, loudest and brightest.", first
    )
    assert second == "Small: 120.0 BPM, -20.0 LUFS; the slowest, quietest and darkest."


def test_of_pieces_that_are_alike_none_stands_out(tmp_path: Path, written: list[Written]) -> None:
    truths = [(one.audio, one.truth) for one in written]
    for one in assign([audio for audio, _ in truths], tmp_path / "library"):
        safe_update(organize(one).info, {"lufs": -10.0})
    assert in_a_sentence(demo_rows(tmp_path / "library", truths)) == ["Tiny: -10.0 LUFS.", "Small: -10.0 LUFS."]
