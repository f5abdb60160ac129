from pathlib import Path

import mir_eval
import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.models.transcription import rises
from small_dataset_audio.models.transcription.dsp import transcribe
from small_dataset_audio.models.transcription.frames import blocks
from small_dataset_audio.models.transcription.hits import Transcription
from support.rhythm_pieces import HOUSE, ROCK, WALTZ, Pattern, beat_times, drums
from support.signals import noise, silence, tone

RATE = 44100


def struck(pattern: Pattern, bars: int = 8, per_bar: int = 4) -> tuple[Transcription, dict[str, np.ndarray]]:
    beats = beat_times(bars * per_bar, 110)
    piece = drums(pattern, beats, per_bar, RATE)
    places = np.arange(beats.size)
    truth = {
        name: np.sort(
            [np.interp(bar + place, places, beats) for bar in range(0, beats.size, per_bar) for place in where]
        )
        for name, where in pattern.items()
    }
    return transcribe(Clip(piece.samples, RATE)), truth


@pytest.mark.parametrize("pattern", [ROCK, HOUSE], ids=["rock", "house"])
def test_kick_snare_and_hat_are_told_apart(pattern: Pattern) -> None:
    heard, truth = struck(pattern)
    for name, least in (("kick", 0.95), ("snare", 0.9), ("hat", 0.7)):
        score, *_ = mir_eval.onset.f_measure(truth[name], heard.strokes[name].times, window=0.03)
        assert score >= least, name


def test_a_waltz() -> None:
    heard, truth = struck(WALTZ, per_bar=3)
    score, *_ = mir_eval.onset.f_measure(truth["kick"], heard.strokes["kick"].times)
    assert score >= 0.9


def test_gain_changes_nothing_and_neither_does_a_second_time() -> None:
    piece = drums(ROCK, beat_times(16, 100), rate=RATE)
    loud, again, soft = (transcribe(Clip(piece.samples * gain, RATE)) for gain in (1.0, 1.0, 0.05))
    for name, strokes in loud.strokes.items():
        assert np.array_equal(strokes.times, again.strokes[name].times)
        assert np.array_equal(strokes.velocities, again.strokes[name].velocities)
        assert np.array_equal(strokes.times, soft.strokes[name].times)


@pytest.mark.parametrize("samples", [silence(2), silence(0.01), 1e-4 * noise(2)], ids=["silence", "short", "hiss"])
def test_silence_holds_no_drums(samples: np.ndarray) -> None:
    heard = transcribe(Clip(samples.astype(np.float32), RATE))
    assert heard.count == 0
    assert list(heard.strokes) == ["kick", "snare", "hat"]


def test_a_recording_that_is_cut_out_of_a_lasting_sound_neither_begins_nor_ends_with_a_stroke() -> None:
    assert transcribe(Clip(tone(4, frequency=220, phase=1.0), RATE)).count == 0


def test_a_recording_that_begins_with_a_stroke() -> None:
    piece = drums({"kick": (0, 2)}, beat_times(16, 110), rate=RATE)
    start = round(piece.onsets[0] * RATE)
    heard = transcribe(Clip(piece.samples[:, start:], RATE))
    assert heard.strokes["kick"].times == pytest.approx(piece.onsets - piece.onsets[0], abs=0.025)


def test_a_long_recording_is_measured_by_frames_spread_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    piece = drums(ROCK, beat_times(32, 110), rate=RATE)
    whole = transcribe(Clip(piece.samples, RATE))
    monkeypatch.setattr(rises, "MOST_FRAMES", 400)
    sampled = transcribe(Clip(piece.samples, RATE))
    assert whole.count == pytest.approx(sampled.count, rel=0.1)


def test_blocks_meet_without_a_seam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    piece = drums(ROCK, beat_times(16, 110), rate=RATE)
    clip = Clip(piece.samples, RATE)
    loud = rises.loudness(clip)
    assert loud is not None
    whole = np.concatenate([rise for _, rise in rises.rises(clip, loud)])
    monkeypatch.setattr(rises, "blocks", lambda clip, **how: blocks(clip, 97, **how))
    parts = np.concatenate([rise for _, rise in rises.rises(clip, loud)])
    assert parts == pytest.approx(whole, abs=1e-4)
