from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.spool import Spool, folder_of
from small_dataset_audio.dataset.report.drawing import levels
from small_dataset_audio.dataset.report.drawing.levels import ROWS, peaks, spectrogram
from small_dataset_audio.dataset.report.drawing.png import LEVELS
from support.signals import Signal, clicks, noise, silence, tone

RATE = 22_050


def spooled(samples: Signal, folder: Path) -> Signal:
    spool = Spool(samples.shape[0], samples.shape[1], folder)
    spool.append(samples)
    return spool.finish()


def test_peaks_of_a_tone_reach_to_its_level_and_its_rms() -> None:
    found = peaks(tone(5.0, RATE, peak=0.5, channels=2), RATE)
    assert found.shape == (600, 3)
    assert set(found[:, 1].tolist()) <= {63, 64}
    assert set(found[:, 0].tolist()) <= {-63, -64}
    assert np.abs(found[:, 2] - 0.5 / np.sqrt(2) * 127).max() <= 2


def test_a_peak_in_one_channel_counts_where_it_is() -> None:
    samples = silence(10.0, RATE, 2)
    samples[1, 7 * RATE] = -1.5
    found = peaks(samples, RATE)
    assert found.shape[0] == 1000
    assert np.flatnonzero(found[:, 0]).tolist() == [700]
    assert found[700, 0] == -127


@pytest.mark.parametrize("length", [1, 2, 59, 441])
def test_the_shortest_recordings_are_drawn(length: int) -> None:
    samples = noise(1, RATE)[:, :length]
    assert peaks(samples, RATE).shape[0] == length
    assert spectrogram(samples, RATE).levels.shape == (ROWS, levels.LEAST_COLUMNS)


def test_what_is_on_disk_is_drawn_as_what_is_in_memory_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = noise(9.0, RATE, channels=2) + clicks(np.arange(0.5, 9, 0.7), 9.0, RATE, channels=2)
    at_once = peaks(samples, RATE), spectrogram(samples, RATE).levels
    monkeypatch.setattr(levels, "_AT_ONCE", 4096)
    laid_out = spooled(samples, tmp_path)
    assert folder_of(laid_out) == tmp_path
    assert np.array_equal(peaks(laid_out, RATE), at_once[0])
    assert np.abs(spectrogram(laid_out, RATE).levels.astype(int) - at_once[1]).max() <= 1


def test_no_more_than_a_part_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "_AT_ONCE", 10_000)
    edges = np.arange(101, dtype=np.int64) * 1000
    runs = list(levels._runs(edges))
    assert [run for pair in runs for run in range(*pair)] == list(range(100))
    assert max(edges[last] - edges[first] for first, last in runs) <= 10_000


@pytest.mark.parametrize("frequency", [110.0, 440.0, 3520.0])
def test_a_tone_lies_at_its_pitch(frequency: float) -> None:
    found = spectrogram(tone(2.0, 44_100, frequency), 44_100)
    row = int(found.levels.mean(axis=1).argmax())
    measured = found.high * (found.low / found.high) ** (row / (ROWS - 1))
    assert abs(np.log2(measured / frequency)) < 1 / 12
    assert found.levels.max() == LEVELS - 1


def test_a_click_lies_at_its_time() -> None:
    found = spectrogram(clicks(np.array([3.0]), 4.0, RATE), RATE)
    loudest = found.levels.sum(axis=0).argmax()
    assert loudest / found.levels.shape[1] * 4.0 == pytest.approx(3.0, abs=0.05)


def test_silence_is_dark_all_over() -> None:
    assert not spectrogram(silence(1.0, RATE), RATE).levels.any()


def test_channels_out_of_phase_do_not_vanish() -> None:
    samples = tone(1.0, RATE, channels=2)
    samples[1] *= -1
    assert spectrogram(samples, RATE).levels.max() == LEVELS - 1


def test_long_recordings_have_as_many_columns_and_peaks_as_fit() -> None:
    rate = 100
    samples = np.zeros((1, 3 * 3600 * rate), dtype=np.float32)
    assert peaks(samples, rate).shape[0] == levels.MOST_PEAKS
    found = spectrogram(samples, rate)
    assert found.levels.shape == (ROWS, levels.MOST_COLUMNS)
    assert found.low < found.high
