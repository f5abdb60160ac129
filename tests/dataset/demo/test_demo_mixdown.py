"""The mixing desk does what its labels say."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from small_dataset_audio.dataset.demo.arrangement import Echo, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.mixdown import mastered, played, recorded, through_strip
from small_dataset_audio.dataset.demo.schedule import Onset, all_onsets, chord_times, generator, onsets
from small_dataset_audio.dataset.demo.sound.keys import Bars, Saws
from small_dataset_audio.dataset.demo.sound.synthesis import Signal, Stroke
from support.demo_pieces import share, tiny

RATE = 44100


def tick(stroke: Stroke) -> Signal:
    """Return one sample as loud as the stroke is strong."""
    return np.full(1, stroke.strength)


def hiss(stroke: Stroke) -> Signal:
    """Return ten samples of noise."""
    return stroke.noise(10)


def part(strip: Strip | None = None, **values: object) -> Part:
    made = Part("part", "notes", tick, (), strip or Strip())
    return replace(made, **values)  # type: ignore[arg-type]


def noise(seconds: float = 1.0) -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(0).standard_normal((2, round(seconds * RATE)))


def level(sound: NDArray[np.float64]) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(sound**2))))


@pytest.mark.parametrize(("pan", "left", "right"), [(-1.0, np.sqrt(2), 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, np.sqrt(2))])
def test_panning_keeps_the_power(pan: float, left: float, right: float) -> None:
    track = played(tiny(), part(Strip(pan=pan)), (Onset(0.0, 0.1, 60, 1.0),), 10)
    np.testing.assert_allclose(track[:, 0], [left, right], atol=1e-12)
    assert np.sum(track[:, 0] ** 2) == pytest.approx(2.0)


def test_spread_puts_low_notes_left_and_high_notes_right() -> None:
    notes = (Onset(0.0, 0.1, 36, 1.0), Onset(1 / RATE, 0.1, 60, 1.0), Onset(2 / RATE, 0.1, 84, 1.0))
    track = played(tiny(), part(Strip(spread=0.5)), notes, 10)
    assert track[0, 0] > track[1, 0]
    assert track[0, 1] == pytest.approx(track[1, 1])
    assert track[0, 2] < track[1, 2]


def test_the_same_note_is_made_once_per_variant_and_used_again() -> None:
    hits = tuple(Onset(20 * index / RATE, 0.1, 60, 1.0) for index in range(4))
    same = played(tiny(), part(instrument=hiss), hits, 100)
    np.testing.assert_array_equal(same[:, :10], same[:, 20:30])
    turns = played(tiny(), part(instrument=hiss, variants=2), hits, 100)
    assert not np.array_equal(turns[:, :10], turns[:, 20:30])
    np.testing.assert_array_equal(turns[:, :10], turns[:, 40:50])


def test_what_rings_beyond_the_end_is_cut() -> None:
    track = played(tiny(), part(instrument=hiss), (Onset(95 / RATE, 0.1, 60, 1.0),), 100)
    assert track.shape == (2, 100)
    assert np.abs(track[:, 95:]).min() > 0


def test_stereo_instruments_keep_their_two_sides() -> None:
    track = played(tiny(), part(instrument=Saws()), (Onset(0.0, 0.2, 60, 1.0),), RATE)
    assert not np.allclose(track[0], track[1])


def test_gain_is_in_decibels() -> None:
    sound = noise()
    changed = through_strip(tiny(), Strip(gain=-12.0), sound.copy(), [])
    assert level(changed) - level(sound) == pytest.approx(-12.0)


@pytest.mark.parametrize(
    ("strip", "low", "high"),
    [
        (Strip(lowpass=500.0), 20, 1500),
        (Strip(highpass=6000.0), 3000, 22050),
        (Strip(sweep=((0.0, 500.0), (4.0, 500.0))), 20, 1500),
    ],
    ids=["lowpass", "highpass", "sweep"],
)
def test_filters_leave_their_band(strip: Strip, low: float, high: float) -> None:
    assert share(through_strip(tiny(), strip, noise(), []), RATE, low, high) > 0.93


def test_a_sweep_opens_over_its_beats() -> None:
    swept = through_strip(tiny(), Strip(sweep=((0.0, 200.0), (8.0, 12000.0))), noise(2.4), [])
    early, late = swept[:, : RATE // 2], swept[:, -RATE // 4 :]
    assert share(late, RATE, 4000, 22050) > 100 * share(early, RATE, 4000, 22050)


def test_the_kick_ducks_a_channel_that_asks_for_it() -> None:
    ducked = through_strip(tiny(), Strip(duck=0.9), noise(), [RATE // 2])
    after = slice(RATE // 2 + 200, RATE // 2 + 1000)
    assert level(ducked[:, after]) < level(noise()[:, after]) - 12
    np.testing.assert_array_equal(ducked[:, : RATE // 2], noise()[:, : RATE // 2])


def test_echo_chorus_and_autopan_are_heard() -> None:
    track = np.zeros((2, RATE))
    track[0, 0] = 1.0
    echoed = through_strip(tiny(), Strip(echo=Echo(1.0, 0.5, 0.8)), track.copy(), [])
    assert echoed[1, RATE // 4] == pytest.approx(0.4)  # a beat at 240 BPM is a quarter of a second
    assert np.count_nonzero(through_strip(tiny(), Strip(chorus=1.0), track.copy(), [])[0]) > 1
    swayed = through_strip(tiny(), Strip(autopan=(2.0, 0.5)), np.ones((2, RATE)), [])
    assert swayed[0].max() == pytest.approx(1.5, abs=1e-3)
    np.testing.assert_allclose(swayed.sum(axis=0), 2.0)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_master_sets_the_level_and_the_channels(channels: int) -> None:
    finished = mastered(noise(20.0), Master(level=-20.0, channels=channels))
    assert finished.shape == (channels, 20 * RATE)
    assert level(finished) == pytest.approx(-20.0, abs=0.3)
    assert np.abs(finished[:, [0, -1]]).max() < 1e-9


def test_the_master_removes_the_offset_and_holds_the_peaks() -> None:
    finished = mastered(noise(4.0) + 0.05, Master(level=-6.0, warmth=1.2))
    assert np.abs(finished).max() <= 0.89
    assert np.abs(finished[:, RATE:].mean()) < 1e-3


def test_a_room_rings_on_after_the_note() -> None:
    dry = tiny()
    bell = Part("bell", "notes", Bars(ring=0.2), dry.parts[1].events[:1])
    quiet = replace(dry, parts=(bell,))
    roomy = replace(dry, parts=(replace(bell, strip=Strip(room=0.8)),))
    late = slice(round(1.2 * RATE), round(1.5 * RATE))
    energies = [float(np.sum(recorded(piece, all_onsets(piece))[:, late] ** 2)) for piece in (quiet, roomy)]
    assert energies[1] > 100 * energies[0]


def test_one_part_does_not_change_what_another_draws() -> None:
    piece = tiny()
    fewer = Piece(piece.title, piece.form, piece.parts[:1], piece.master)
    assert generator(piece, "a").random() == generator(fewer, "a").random() != generator(piece, "b").random()
    assert onsets(piece, piece.parts[0]) == onsets(fewer, fewer.parts[0])


def test_chords_follow_the_beats_and_the_last_lasts_to_the_end() -> None:
    form = tiny().form
    assert [symbol for _, _, symbol in chord_times(form)] == ["C", "G7", "C"]
    starts = [start for start, _, _ in chord_times(form)]
    assert starts == pytest.approx(list(form.grid.downbeats))
    assert chord_times(form)[-1][1] == form.seconds
