"""Saturated runs: what begins one, what parts two, what is too short to be one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features import saturation as module
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.saturation import FAMILY, FRAME, saturated_runs
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from support.signals import Signal, noise, silence, tone

RATES = (8000, 22050, 44100, 48000, 96000, 192000)


def measured(samples: Signal, rate: int = 44100) -> Measured:
    return FAMILY.measure(Sound(Spectra(Clip(samples, rate))), Measured())


def ratio_and_count(samples: Signal, rate: int = 44100) -> tuple[float, float]:
    found = measured(samples, rate)
    assert not found.absent
    return found.values["saturation_ratio"], found.values["saturation_count"]


def frames(pattern: str) -> Signal:
    """Return a signal with a full-scale sample in the frames marked ``x`` ``[shape=(1, n)]``."""
    samples = np.zeros((1, len(pattern) * FRAME), dtype=np.float32)
    for i, mark in enumerate(pattern):
        samples[0, i * FRAME + 17] = 1.0 if mark == "x" else 0.5
    return samples


@pytest.mark.parametrize("samples", [silence(2.0), noise(2.0, rms=0.1, channels=2), tone(2.0, peak=0.94)])
def test_a_clean_signal_measures_zero(samples: Signal) -> None:
    assert ratio_and_count(samples) == (0.0, 0.0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_clipped_signal_is_saturated_throughout(rate: int, channels: int) -> None:
    clipped = np.clip(tone(2.0, rate, 440.0, peak=3.0, channels=channels), -1.0, 1.0)
    assert ratio_and_count(clipped, rate) == (1.0, 1.0)


@pytest.mark.parametrize("rate", RATES)
def test_three_bursts_in_quiet_are_three_runs(rate: int) -> None:
    samples = tone(4.0, rate, 440.0, peak=0.3)
    for start in (0.5, 1.5, 2.5):
        samples[0, round(start * rate) : round((start + 0.3) * rate)] = 0.97
    ratio, count = ratio_and_count(samples, rate)
    assert count == 3
    assert ratio == pytest.approx(0.9 / 4.0, abs=3 * 2 * FRAME / (4.0 * rate))


def test_the_threshold_belongs_to_saturation() -> None:
    assert ratio_and_count(np.full((1, 44100), 0.95, dtype=np.float32)) == (1.0, 1.0)
    assert ratio_and_count(np.full((1, 44100), -0.95, dtype=np.float32)) == (1.0, 1.0)
    assert ratio_and_count(np.full((1, 44100), np.nextafter(np.float32(0.95), 0), dtype=np.float32)) == (0.0, 0.0)


def test_any_channel_saturates_the_frame() -> None:
    right = frames("....xxxx....")
    left = frames("xxxx........")
    assert saturated_runs(np.concatenate([left, right]), 44100).tolist() == [[0, 8 * FRAME]]


def test_gaps_up_to_20_ms_are_bridged() -> None:
    # At 44.1 kHz three frames last 17.4 ms, four last 23.2 ms.
    assert saturated_runs(frames("xx...xx"), 44100).tolist() == [[0, 7 * FRAME]]
    assert saturated_runs(frames("xx....xx"), 44100).tolist() == [[0, 2 * FRAME], [6 * FRAME, 8 * FRAME]]


def test_a_gap_of_exactly_20_ms_is_bridged() -> None:
    fifteen = "x" * 8 + "." * 15 + "x" * 8  # at 192 kHz fifteen frames last 20 ms to the sample
    assert saturated_runs(frames(fifteen), 192000).shape == (1, 2)
    assert saturated_runs(frames(fifteen), 191999).shape == (2, 2)


def test_runs_under_10_ms_are_dropped_after_bridging() -> None:
    assert saturated_runs(frames("..x......xx.."), 44100).tolist() == [[9 * FRAME, 11 * FRAME]]  # 5.8 ms, 11.6 ms
    assert saturated_runs(frames("..x.x.."), 44100).tolist() == [[2 * FRAME, 5 * FRAME]]
    assert saturated_runs(frames("x"), 25600).tolist() == [[0, FRAME]]  # exactly 10 ms
    assert saturated_runs(frames("x"), 25601).tolist() == []


def test_the_last_frame_may_be_short() -> None:
    samples = np.ones((1, 3 * FRAME + 100), dtype=np.float32)
    assert saturated_runs(samples, 44100).tolist() == [[0, 3 * FRAME + 100]]
    assert ratio_and_count(samples) == (1.0, 1.0)


def test_chunks_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = frames("..xx....xxxxxxxx......xx...xx..x")[:, :-100]
    whole = saturated_runs(samples, 44100)
    monkeypatch.setattr(module, "_CHUNK", 3 * FRAME)
    np.testing.assert_array_equal(saturated_runs(samples, 44100), whole)
    assert whole.shape == (3, 2)


def test_no_samples_are_not_a_clean_signal() -> None:
    found = measured(silence(0.0))
    assert not found.values
    assert set(found.absent) == set(FAMILY.features)


pattern = st.text(alphabet="x.", min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(pattern=pattern, rate=st.sampled_from(RATES))
def test_runs_are_in_order_apart_and_long_enough(pattern: str, rate: int) -> None:
    samples = frames(pattern)
    runs = saturated_runs(samples, rate)
    lengths, gaps = runs[:, 1] - runs[:, 0], runs[1:, 0] - runs[:-1, 1]
    assert (lengths * 100 >= rate).all()
    assert (gaps * 50 > rate).all()
    ratio, count = ratio_and_count(samples, rate)
    assert 0.0 <= ratio <= 1.0
    assert count == runs.shape[0]


@settings(max_examples=30, deadline=None)
@given(pattern=pattern, shift=st.integers(0, 40))
def test_shift_by_frames_sign_and_swap_change_nothing(pattern: str, shift: int) -> None:
    samples = np.concatenate([frames(pattern), 0.5 * frames(pattern)])
    runs = saturated_runs(samples, 44100)
    np.testing.assert_array_equal(saturated_runs(-samples[::-1], 44100), runs)
    later = np.pad(samples, ((0, 0), (shift * FRAME, 0)))
    np.testing.assert_array_equal(saturated_runs(later, 44100), runs + shift * FRAME)
