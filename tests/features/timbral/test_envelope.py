"""The envelopes, against the rule walked step by step."""

import numpy as np
import pytest

from small_dataset_audio.features.timbral.attacks import envelope as module
from small_dataset_audio.features.timbral.attacks.envelope import DECAY, HOLD, STEP, peak_envelope, rms_envelope
from small_dataset_audio.features.timbral.recording import RATE
from support.signals import Signal, clicks, noise


def walked(line: Signal) -> Signal:
    """Return the peak envelope of ``line``, one step after the other."""
    steps = np.abs(np.pad(line, (0, -line.shape[0] % STEP))).reshape(-1, STEP).max(axis=1)
    fall = np.float32(STEP * float(steps.max()) / (DECAY * RATE))
    made, level, held_until = [], np.float32(0.0), 0
    for now, step in enumerate(steps):
        reached = step >= level
        level = step if reached else max(step, level - (fall if held_until < now else np.float32(0.0)))
        if reached:
            held_until = now + HOLD
        made.append(level)
    return np.array(made, dtype=np.float32)


@pytest.mark.parametrize(
    "line",
    [noise(0.5)[0], clicks(np.array([0.05, 0.2, 0.21, 0.4]), 0.6)[0], noise(0.3)[0, :4415]],
    ids=["noise", "clicks", "a last step that is not whole"],
)
def test_it_jumps_holds_and_falls_as_the_rule_says(line: Signal) -> None:
    found = peak_envelope(line, float(np.abs(line).max()))
    np.testing.assert_allclose(found, walked(line), atol=1e-5)


def test_lanes_side_by_side_know_what_was_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    line = clicks(np.array([0.05, 0.2, 0.31, 0.4, 0.77]), 1.0)[0] + noise(1.0, rms=0.01)[0]
    monkeypatch.setattr(module, "_LANE", 256)
    monkeypatch.setattr(module, "_LANES", 3)
    monkeypatch.setattr(module, "_BLOCK", 100)
    np.testing.assert_allclose(peak_envelope(line, float(np.abs(line).max())), walked(line), atol=1e-5)


def test_silence_before_the_line_is_silent_in_the_envelope() -> None:
    line = noise(0.1)[0]
    found = peak_envelope(line, 1.0, 4096)
    assert not found[: 4096 // STEP].any()
    assert np.array_equal(found[4096 // STEP :], peak_envelope(line, 1.0))


def test_after_the_highest_peak_it_falls_to_nothing_in_a_tenth_of_a_second() -> None:
    line = np.zeros(RATE, dtype=np.float32)
    line[1000] = 0.5
    found = peak_envelope(line, 0.5)
    held = found[1000 // STEP : 1000 // STEP + HOLD + 1]
    assert np.all(held == 0.5)
    zero = np.flatnonzero(found[1000 // STEP :] == 0.0)[0] * STEP / RATE
    assert zero == pytest.approx(DECAY + HOLD * STEP / RATE, abs=0.001)


def test_rms_is_that_of_each_block_and_of_the_rest() -> None:
    line = noise(0.1)[0, :1000]
    wanted = [np.sqrt(np.mean(line[first : first + 256].astype(np.float64) ** 2)) for first in range(0, 1000, 256)]
    assert rms_envelope(line, 256) == pytest.approx(wanted, rel=1e-5)
    assert rms_envelope(line[:512], 256).shape == (2,)
