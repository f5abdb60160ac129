"""What is found in a piece depends neither on the size of the blocks nor on where its curves lie."""

from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import folder_of
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.rhythm import FAMILY, accents, bars, lines, pulse
from small_dataset_audio.features.rhythm.accents import strengths
from small_dataset_audio.features.rhythm.bars import beat_means, harmony_change, steps_at_the_top
from small_dataset_audio.features.rhythm.spectrum import ANALYSIS_RATE, Curves, curves
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from support.rhythm_pieces import ROCK, WALTZ, Piece, beat_times, drums, piano
from support.spooled import on_disk

PIECES = {
    "rock": drums(ROCK, beat_times(40, 110.0)),
    "waltz": drums(WALTZ, beat_times(42, 120.0), 3),
    "a pianist": piano(beat_times(48, 100.0, human=0.02), jitter=0.01),
}


def found_in(piece: Piece, folder: Path | None) -> Measured:
    samples = piece.samples if folder is None else on_disk(piece.samples, folder)
    sound = Sound(Spectra(Clip(samples, ANALYSIS_RATE)), {"drums": Spectra(Clip(samples, ANALYSIS_RATE))})
    return FAMILY.measure(sound, Measured())


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every block so short that a piece has many of them."""
    monkeypatch.setattr(lines, "BLOCK", 200)
    monkeypatch.setattr(lines, "TOGETHER", 5)
    monkeypatch.setattr(accents, "BLOCK", 37)
    monkeypatch.setattr(bars, "BEATS_TOGETHER", 3)
    monkeypatch.setattr(pulse, "CHUNK", 160)


@pytest.mark.parametrize("name", PIECES)
def test_no_number_and_no_time_depends_on_the_blocks(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    whole = found_in(PIECES[name], None)
    assert whole.times["beats"].size
    assert whole.times["downbeats"].size
    request.getfixturevalue("short_blocks")
    for folder in (None, tmp_path):
        pieces = found_in(PIECES[name], folder)
        assert pieces.values == whole.values
        assert pieces.absent == whole.absent
        assert pieces.confidence == whole.confidence
        for kind, times in whole.times.items():
            np.testing.assert_array_equal(pieces.times[kind], times)


def test_all_curves_of_a_long_piece_lie_on_disk(tmp_path: Path) -> None:
    long = curves(on_disk(PIECES["rock"].samples, tmp_path)[0])
    weighed = strengths(long)
    beats = np.arange(20.0, 900.0, 50.0)
    made = (
        *(getattr(long, name) for name in Curves.__annotations__),
        *(weighed.low, weighed.full, weighed.high),
        accents.accents(long),
        beat_means(weighed.tones, beats),
        accents.sums_before(weighed.top, np.arange(9)),
    )
    assert {folder_of(line) for line in made} == {tmp_path}


def test_beats_in_blocks_are_the_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).random((2000, 5)).astype(np.float32)
    beats = np.sort(np.random.default_rng(1).uniform(0.0, 1990.0, 41))
    means = beat_means(rows, beats)
    steps = np.diff(means, axis=0)
    at_the_top = steps_at_the_top(means)
    np.testing.assert_array_equal(at_the_top[0, 1:], steps.mean(axis=1))
    np.testing.assert_array_equal(at_the_top[1, 1:], np.abs(steps).mean(axis=1))
    assert not at_the_top[:, 0].any()
    change = harmony_change(means)
    for together in (1, 2, 7, 40):
        monkeypatch.setattr(bars, "BEATS_TOGETHER", together)
        np.testing.assert_array_equal(beat_means(rows, beats), means)
        np.testing.assert_array_equal(steps_at_the_top(means), at_the_top)
        np.testing.assert_array_equal(harmony_change(means), change)


def test_the_mono_signal_is_let_go_of_once_its_rhythm_is_read() -> None:
    mix = Spectra(Clip(np.repeat(PIECES["rock"].samples, 2, axis=0), 44100))
    before = mix.mono.copy()
    FAMILY.measure(Sound(mix), Measured())
    assert "mono" not in mix.__dict__
    assert not mix._resampled
    np.testing.assert_array_equal(mix.mono, before)
