"""Instruments are in tune, start on time and end in silence; effects are causal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.sound import effects, synthesis
from small_dataset_audio.dataset.demo.sound.drums import Brush, Clap, Cymbal, Hat, Kick, Snare
from small_dataset_audio.dataset.demo.sound.keys import (
    Bars,
    ElectricPiano,
    Piano,
    Plucked,
    Saws,
    SynthBass,
    UprightBass,
)
from small_dataset_audio.dataset.demo.sound.strings import SteelString, vibrate
from small_dataset_audio.dataset.demo.sound.synthesis import Instrument
from small_dataset_audio.dataset.demo.sound.textures import Air, Rise, Vinyl
from support.demo_pieces import share, stroke

RATE = 44100
PITCHED: dict[str, Instrument] = {
    "electric piano": ElectricPiano(),
    "piano": Piano(),
    "vibraphone": Bars(),
    "pluck": Plucked(detune=0.0),
    "upright bass": UprightBass(),
    "synth bass": SynthBass(),
    "steel string": SteelString(),
}
DRUMS: dict[str, Instrument] = {
    "kick": Kick(),
    "snare": Snare(),
    "clap": Clap(),
    "hat": Hat(),
    "cymbal": Cymbal(),
    "brush": Brush(),
}
TEXTURES: dict[str, Instrument] = {"vinyl": Vinyl(), "rise": Rise(), "air": Air()}


def impulse(length: int, place: int) -> NDArray[np.float64]:
    sound = np.zeros((2, length))
    sound[:, place] = 1.0
    return sound


def fundamental(sound: NDArray[np.float64], near: float) -> float:
    """Return the frequency in Hz of the strongest partial within a semitone of ``near``."""
    size = 1 << 20
    power = np.abs(np.fft.rfft(sound * np.hanning(sound.shape[0]), size)) ** 2
    tones = np.fft.rfftfreq(size, 1 / RATE)
    inside = (tones > near / 2 ** (1 / 12)) & (tones < near * 2 ** (1 / 12))
    return float(tones[inside][np.argmax(power[inside])])


@pytest.mark.parametrize("name", PITCHED)
@pytest.mark.parametrize("hertz", [82.41, 196.0, 440.0])
def test_instruments_are_in_tune(name: str, hertz: float) -> None:
    sound = PITCHED[name](stroke(hertz, 1.5))
    cents = 1200 * np.log2(fundamental(sound[RATE // 20 :], hertz) / hertz)
    assert abs(cents) < 4.0


@pytest.mark.parametrize("hertz", [82.41, 110.0, 246.94, 659.26, 1046.5])
def test_strings_are_in_tune_between_the_samples(hertz: float) -> None:
    period = int(RATE / hertz)
    burst = np.random.default_rng(0).standard_normal(period)
    sound = vibrate(burst - burst.mean(), hertz, 0.999, 0.2, 2 * RATE, RATE)
    assert abs(1200 * np.log2(fundamental(sound, hertz) / hertz)) < 1.0


def test_a_string_run_by_blocks_is_the_recursion_that_defines_it() -> None:
    burst = np.random.default_rng(1).standard_normal(40)
    hertz, loss, damping = 1000.0, 0.99, 0.3
    sound = vibrate(burst, hertz, loss, damping, 500, RATE)
    whole = int(RATE / hertz - damping - 1.0)
    tail = sound[whole + 10 :] - np.pad(burst, (0, 460))[whole + 10 :]
    delayed = np.stack([sound[10 - k : 500 - whole - k] for k in range(5)])
    taps, *_ = np.linalg.lstsq(delayed.T, tail)
    np.testing.assert_allclose(taps @ delayed, tail, atol=1e-9)
    assert taps.sum() == pytest.approx(loss, abs=1e-9)


@pytest.mark.parametrize("name", [*PITCHED, *DRUMS])
def test_hits_start_at_once_and_end_in_silence(name: str) -> None:
    sound = {**PITCHED, **DRUMS}[name](stroke(220.0, 0.4))
    assert np.isfinite(sound).all()
    peak = np.abs(sound).max()
    assert 0.05 < peak < 4.0
    assert np.abs(sound[: RATE // 200]).max() > 0.1 * peak
    assert np.abs(sound[-5:]).max() < 0.01 * peak


@pytest.mark.parametrize("name", [*PITCHED, *DRUMS])
def test_harder_strokes_are_louder(name: str) -> None:
    instrument = {**PITCHED, **DRUMS}[name]
    soft, hard = (instrument(stroke(220.0, 0.4, strength)) for strength in (0.3, 0.9))
    assert np.sum(hard**2) > 2 * np.sum(soft**2)


@pytest.mark.parametrize("name", ["kick", "snare", "hat", "clap", "cymbal"])
def test_drums_have_their_place_in_the_spectrum(name: str) -> None:
    bands = {
        "kick": (30, 250, 0.9),
        "snare": (120, 9000, 0.9),
        "hat": (6000, 22000, 0.95),
        "clap": (600, 12000, 0.8),
        "cymbal": (1500, 22000, 0.95),
    }
    low, high, least = bands[name]
    assert share(DRUMS[name](stroke()), RATE, low, high) > least


@pytest.mark.parametrize("name", TEXTURES)
def test_textures_last_as_long_as_asked(name: str) -> None:
    sound = TEXTURES[name](stroke(seconds=1.5))
    assert sound.shape == (2, round(1.5 * RATE))
    assert np.isfinite(sound).all()


def test_a_rise_rises() -> None:
    sound = Rise()(stroke(seconds=2.0))
    assert np.sum(sound[:, RATE:] ** 2) > 10 * np.sum(sound[:, :RATE] ** 2)


def test_a_pad_is_stereo_and_may_have_a_sine_below() -> None:
    plain, deep = (Saws(under=under)(stroke(220.0, 1.0)) for under in (0.0, 1.0))
    assert plain.shape[0] == 2
    assert not np.allclose(plain[0], plain[1])
    assert share(plain, RATE, 100, 120) < 0.01
    assert share(deep, RATE, 100, 120) > 0.2


def test_damped_partials_are_the_formula() -> None:
    sound = synthesis.partials(np.array([440.0, 1000.0]), np.array([1.0, 0.5]), np.array([0.5, 0.2]), 3001, RATE)
    t = np.arange(3001) / RATE
    expected = np.sin(2 * np.pi * 440 * t) * 10 ** (-3 * t / 0.5)
    expected += 0.5 * np.sin(2 * np.pi * 1000 * t) * 10 ** (-3 * t / 0.2)
    np.testing.assert_allclose(sound, expected, atol=1e-9)


def test_partials_that_would_fold_back_are_left_out() -> None:
    assert not synthesis.partials(np.array([21000.0]), np.ones(1), np.ones(1), 100, RATE).any()


def test_a_sawtooth_has_little_aliasing() -> None:
    hertz = 440.0 * 2 ** (1 / 7)
    sound = synthesis.sawtooth(hertz, RATE, RATE, 0.3)
    harmonic = sum(share(sound * np.hanning(RATE), RATE, k * hertz - 5, k * hertz + 5) for k in range(1, 40))
    assert harmonic > 0.997
    assert 0.8 < np.abs(sound).max() < 1.2


def test_envelopes_keep_what_is_between_attack_and_release() -> None:
    flat = np.ones(1000)
    shaped = synthesis.release(synthesis.attack(flat, 1000, 0.1), 1000, 0.5, 0.2)
    assert shaped.shape == (700,)
    assert shaped[0] == 0.0
    assert (shaped[100:500] == 1.0).all()
    assert shaped[-1] == pytest.approx(0.0, abs=1e-12)
    assert (np.diff(shaped[:100]) > 0).all()
    assert (flat == 1.0).all()


@pytest.mark.parametrize(
    "effect",
    [
        lambda x: effects.chorus(x, RATE, 1.5),
        lambda x: effects.echo(x, 400, 0.5),
        lambda x: effects.autopan(x, RATE, 3.0, 0.3),
        lambda x: effects.swept_lowpass(x, np.geomspace(300, 9000, x.shape[1]), RATE),
        lambda x: effects.reverberation(x, RATE, 0.4, np.random.default_rng(0)),
    ],
    ids=["chorus", "echo", "autopan", "sweep", "reverberation"],
)
def test_nothing_is_heard_before_it_is_played(effect: object) -> None:
    assert callable(effect)
    sound = effect(impulse(20000, 5000))
    assert sound.shape == (2, 20000)
    assert np.abs(sound[:, :5000]).max() < 1e-6
    assert np.abs(sound[:, 5000:]).max() > 1e-3


def test_echoes_repeat_softer_and_change_sides() -> None:
    sound = np.zeros((2, 1000))
    sound[0, 10] = 1.0
    repeated = effects.echo(sound, 300, 0.5)
    assert np.argwhere(repeated).tolist() == [[0, 610], [1, 310], [1, 910]]
    assert [repeated[1, 310], repeated[0, 610], repeated[1, 910]] == [0.5, 0.25, 0.125]


def test_a_room_decays_in_its_time() -> None:
    sound = effects.reverberation(impulse(3 * RATE, 0), RATE, 2.0, np.random.default_rng(0))
    energy = np.cumsum(np.sum(sound**2, axis=0)[::-1])[::-1]
    level = 10 * np.log10(energy / energy[0])
    slope = (level[RATE] - level[RATE // 2]) / 0.5
    assert 60 / -slope == pytest.approx(2.0, rel=0.15)


def test_a_moving_filter_that_stands_still_is_the_plain_one() -> None:
    noise = np.random.default_rng(0).standard_normal((2, 5000))
    swept = effects.swept_lowpass(noise, np.full(5000, 900.0), RATE)
    np.testing.assert_allclose(swept, synthesis.filtered(noise, "lowpass", 900.0, RATE), atol=1e-12)


def test_the_kick_pushes_the_others_down_and_lets_them_back() -> None:
    gain = effects.duck(2000, [500, 1900], 1000, 0.6, 0.3)
    assert (gain[:500] == 1.0).all()
    assert gain.min() == pytest.approx(0.4)
    assert gain[810] == pytest.approx(1.0)
    assert gain[1999] < 1.0


@settings(max_examples=25)
@given(st.integers(0, 2**16), st.floats(0.1, 20.0))
def test_the_limiter_lets_nothing_through_and_leaves_the_quiet_alone(seed: int, loud: float) -> None:
    sound = np.random.default_rng(seed).standard_normal((2, 3000)) * 0.05
    sound[:, 1500] = loud
    held = effects.limited(sound, 0.89, 8000)
    assert np.abs(held).max() <= 0.89
    np.testing.assert_allclose(held[:, :1000], sound[:, :1000], rtol=1e-12, atol=1e-12)


def test_every_instrument_of_the_library_was_tested_here() -> None:
    tested = {type(each) for each in (*PITCHED.values(), *DRUMS.values(), *TEXTURES.values(), Saws())}
    assert {type(part.instrument) for piece in PIECES for part in piece.parts} == tested
