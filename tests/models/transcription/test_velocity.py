import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.models.transcription.frames import blocks
from small_dataset_audio.models.transcription.hits import DRUMS, HAT, KICK
from small_dataset_audio.models.transcription.velocity import HIGHEST, LOUDEST, SOFTEST, levels, rise_at, velocities
from support.drum_models import beeps
from support.signals import tone


def test_half_the_amplitude_is_six_decibels_on_the_midi_curve() -> None:
    level = np.zeros(60, dtype=np.float32)
    level[[10, 30, 50]] = [1.0, 0.5, 0.001]
    made = velocities(level, np.array([10, 30, 50]))
    loudest = np.percentile([1.0, 0.5, 0.001], 90)
    # 40 log10(v / 120) = 20 log10(amplitude / loudest)
    assert made.tolist() == [HIGHEST if 120 * (1 / loudest) ** 0.5 > HIGHEST else round(120 * (1 / loudest) ** 0.5),
                             round(LOUDEST * (0.5 / loudest) ** 0.5), SOFTEST]  # fmt: skip
    assert velocities(level, np.empty(0, dtype=np.intp)).size == 0


def test_what_rings_on_does_not_make_the_next_stroke_louder() -> None:
    level = np.zeros(60, dtype=np.float32)
    level[10:30] = np.linspace(1.0, 0.6, 20)
    level[30:] = 0.9
    rise = rise_at(level, np.array([10, 30]))
    assert rise[0] == pytest.approx(1.0)
    assert rise[1] == pytest.approx(0.3, abs=0.05)


def test_strokes_at_the_very_ends_have_velocities() -> None:
    level = np.ones(5, dtype=np.float32)
    assert set(velocities(level, np.array([0, 4]))) <= set(range(1, HIGHEST + 1))


def test_the_level_of_a_tone_is_in_the_drum_that_it_belongs_to() -> None:
    for drum, frequency in ((KICK, 60.0), (HAT, 10000.0)):
        [bands] = blocks(Clip(tone(0.3, frequency=frequency), 44100))
        level = levels(bands, DRUMS)[15]
        assert DRUMS[int(level.argmax())] is drum or level[DRUMS.index(drum)] == pytest.approx(level.max(), rel=0.3)


def test_a_stroke_of_half_the_amplitude_is_softer_in_the_sound_itself() -> None:
    samples = beeps({"kick": [0.5]}, 2.0) + 0.5 * beeps({"kick": [1.5]}, 2.0)
    [bands] = blocks(Clip(samples, 44100))
    loud, soft = velocities(levels(bands, (KICK,))[:, 0], np.array([52, 152]))
    assert soft / loud == pytest.approx(0.5**0.5, abs=0.03)
