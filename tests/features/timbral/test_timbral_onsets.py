"""Where sounds begin to rise."""

import numpy as np
import pytest

from small_dataset_audio.features.timbral.attacks import onsets as module
from small_dataset_audio.features.timbral.attacks.envelope import peak_envelope
from small_dataset_audio.features.timbral.attacks.onsets import BEFORE, Places, find_onsets, flux
from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.recording import RATE
from small_dataset_audio.features.timbral.shortframes import EARLY, HOP, MEL_SILENCE, short_frames
from support.signals import clicks, noise, silence, tone


def onsets(line: Line) -> Places:
    short = short_frames(line)
    return find_onsets(flux(short.mel, short.floor), peak_envelope(line, float(np.abs(line).max()), BEFORE))


def swelling(seconds: float, rise: float) -> Line:
    """Return a tone that fades in over ``rise`` seconds and then stays."""
    t = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(tone(seconds)[0] * np.minimum(t / rise, 1.0), dtype=np.float32)


def over_what_fades(times: list[float], seconds: float) -> Line:
    """Return clicks over a tone that fades away, so that no silence belongs to a rise."""
    fading = np.linspace(0.4, 0.0, round(seconds * RATE))
    return np.asarray(clicks(np.array(times), seconds)[0] + fading * tone(seconds, peak=1.0)[0], dtype=np.float32)


def test_clicks_begin_where_they_rise() -> None:
    found = (onsets(over_what_fades([0.3, 0.9, 1.4, 2.2], 3.0)) - BEFORE) / RATE
    assert found[-3:] == pytest.approx([0.9, 1.4, 2.2], abs=0.04)


def test_silence_belongs_to_the_sound_after_it() -> None:
    # The envelope holds for 10 ms and falls for 100 ms; what follows is level, and taken for the foot of the next rise.
    times = np.array([0.3, 0.9, 1.4, 2.2])
    found = onsets(clicks(times, 3.0)[0])
    assert found[0] == 0
    assert (found[1:] - BEFORE) / RATE == pytest.approx(times[:-1] + 0.11, abs=0.01)


def test_what_sounds_from_the_first_sample_on_has_an_onset_there() -> None:
    line = np.concatenate([clicks(np.array([0.0]), 0.5)[0], clicks(np.array([0.2]), 0.5)[0]])
    found = onsets(line)
    assert found.shape == (2,)
    assert found[0] / RATE < 0.1


def test_onsets_nearer_than_a_tenth_of_a_second_are_one() -> None:
    found = (onsets(over_what_fades([0.5, 1.5, 1.57, 2.2], 3.0)) - BEFORE) / RATE
    assert found[-3:] == pytest.approx([0.5, 1.5, 2.2], abs=0.04)


def test_a_rise_of_less_than_a_tenth_of_the_range_is_no_onset() -> None:
    line = clicks(np.array([0.3, 1.3]), 2.0)[0] + clicks(np.array([0.8]), 2.0, peak=0.05)[0]
    assert onsets(line).shape == (2,)


@pytest.mark.parametrize("line", [tone(2.0)[0], swelling(2.0, 0.05), clicks(np.array([0.7]), 2.0)[0]])
def test_a_sound_with_at_most_one_onset_is_one_event_from_the_beginning_on(line: Line) -> None:
    assert onsets(line).tolist() == [0]


def test_the_flux_is_the_mean_rise_in_db_and_half_a_frame_late() -> None:
    mel = np.full((6, 128), -60.0, dtype=np.float32)
    mel[3:, :64] = -40.0
    found = flux(mel, -60.0)
    before = BEFORE // HOP - EARLY
    assert found.shape == (before + 6,)
    assert np.flatnonzero(found).tolist() == [before + 3 + 2]
    assert found[before + 5] == pytest.approx(10.0)


def test_what_is_under_the_floor_does_not_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    mel = generator.uniform(-100.0, 0.0, (40, 8)).astype(np.float32)
    raised = np.maximum(mel, -50.0)
    wanted = np.append(0.0, np.maximum(np.diff(raised, axis=0), 0.0).mean(axis=1))
    wanted[0] = (raised[0] + 50.0).mean()
    late = BEFORE // HOP - EARLY + 2
    assert flux(mel, -50.0)[late:] == pytest.approx(wanted[:38], rel=1e-5)
    whole = flux(mel, -50.0)
    monkeypatch.setattr(module, "_ROWS", 7)
    assert np.array_equal(flux(mel, -50.0), whole)


def test_a_flux_without_a_rise_has_no_peaks() -> None:
    steady = np.full(30, 4.0, dtype=np.float32)
    assert find_onsets(steady, np.ones(30 * 64, dtype=np.float32)).tolist() == [0]


def test_short_frames_know_silence_and_where_it_is_loudest() -> None:
    short = short_frames(silence(0.5)[0])
    assert short.floor == MEL_SILENCE
    assert short.percussive is None
    line = noise(2.0, rms=0.001)[0]
    line[50000:52000] += tone(1.0, peak=0.8)[0, :2000]
    assert abs(short_frames(line).loudest[0] - 51000) < 1024


def test_short_frames_add_up_the_power_of_whole_frames() -> None:
    power = short_frames(tone(1.0, frequency=44100 / 2048 * 100)[0]).power
    assert power.shape == (1025,)
    assert int(power.argmax()) == 100
    assert power[98:103].sum() == pytest.approx(power.sum(), rel=1e-4)


@pytest.mark.parametrize(("frequency", "band"), [(100.0, 2), (1000.0, 31), (8000.0, 96)])
def test_tones_show_in_their_mel_band(frequency: float, band: int) -> None:
    mel = short_frames(tone(1.0, frequency=frequency)[0]).mel
    assert abs(int(mel[40].argmax()) - band) <= 1
