"""The pieces are deterministic, sound as their truth says, and keep to the levels of a mastered recording."""

import hashlib
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from small_dataset_audio.dataset.demo.arrangement import DRUMS, Piece
from small_dataset_audio.dataset.demo.composition import compose
from small_dataset_audio.dataset.demo.mixdown import played
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.schedule import all_onsets, onsets
from small_dataset_audio.dataset.demo.score.patterns import Event
from small_dataset_audio.dataset.demo.score.pitch import pitch_class
from small_dataset_audio.dataset.demo.truth import truth_of
from support.demo_pieces import TITLES, composed, piece, tiny

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 10)
every_piece = pytest.mark.parametrize("title", TITLES)


def digest(samples: NDArray[np.float32]) -> str:
    return hashlib.sha256(samples.tobytes()).hexdigest()


def test_there_are_varied_pieces() -> None:
    assert len(PIECES) >= 5
    assert len({each.title for each in PIECES}) == len(PIECES)
    truths = [truth_of(each) for each in PIECES]
    assert {truth.meter for truth in truths} == {"4/4", "3/4"}
    assert {truth.scale for truth in truths} == {"major", "minor"}
    assert len({truth.key for truth in truths}) == len(PIECES)
    assert min(truth.bpm for truth in truths) < 80
    assert max(truth.bpm for truth in truths) > 160


@every_piece
def test_the_length_and_the_level_are_those_of_a_finished_recording(title: str) -> None:
    composition = composed(title)
    samples, truth = composition.samples, composition.truth
    assert samples.dtype == np.float32
    assert 20.0 <= truth.seconds <= 40.0
    assert samples.shape[1] / composition.rate == pytest.approx(truth.seconds, abs=1e-6)
    assert np.isfinite(samples).all()
    assert 0.3 < np.abs(samples).max() < 0.9
    assert -23.0 < 20 * np.log10(np.sqrt(np.mean(samples**2))) < -10.0
    assert np.abs(samples.mean(axis=1)).max() < 2e-4


@every_piece
def test_nothing_is_cut_off_at_the_ends(title: str) -> None:
    composition = composed(title)
    samples, rate = composition.samples, composition.rate
    assert np.abs(samples[:, :2]).max() < 1e-4
    assert np.abs(samples[:, -2:]).max() < 1e-4
    assert np.sqrt(np.mean(samples[:, -rate // 10 :] ** 2)) < 0.01
    assert np.abs(samples[:, : round((composition.truth.beats[0] - 0.01) * rate)]).max() < 0.02


def test_the_pieces_differ_in_loudness() -> None:
    levels = [20 * np.log10(np.sqrt(np.mean(composed(title).samples ** 2))) for title in TITLES]
    assert max(levels) - min(levels) > 8.0


@every_piece
def test_the_two_sides_are_balanced(title: str) -> None:
    samples = composed(title).samples
    energy = np.sum(samples.astype(np.float64) ** 2, axis=1)
    assert abs(10 * np.log10(energy[0] / energy[-1])) < 2.0


@every_piece
def test_no_band_is_missing_and_none_drowns_the_rest(title: str) -> None:
    composition = composed(title)
    size = 1 << 20
    power = np.abs(np.fft.rfft(composition.samples.mean(axis=0), size)) ** 2
    tones = np.fft.rfftfreq(size, 1 / composition.rate)
    edges = (30, 150, 600, 2500, 8000)
    bands = [power[(tones >= low) & (tones < high)].sum() for low, high in itertools.pairwise(edges)]
    shares = 10 * np.log10(np.array(bands) / power.sum())
    assert shares.max() < -1.0
    assert shares[:3].min() > -22.0
    assert shares[3] > -45.0


@every_piece
def test_beats_are_spaced_by_the_tempo(title: str) -> None:
    truth, form = truth_of(piece(title)), piece(title).form
    intervals = np.diff(truth.beats)
    assert 60 / np.mean(intervals) == pytest.approx(truth.bpm, rel=2e-3)
    assert np.abs(intervals - 60 / truth.bpm).max() <= 4 * form.sway + 2e-6
    assert truth.downbeats == truth.beats[:: int(truth.meter.split("/")[0])]
    assert len(truth.beats) == form.last_beat + 1


@every_piece
def test_everything_true_happens_within_the_file(title: str) -> None:
    truth = truth_of(piece(title))
    assert tuple(truth.drums) == DRUMS
    for times in (truth.beats, truth.onsets, *truth.drums.values(), *truth.notes.values()):
        assert list(times) == sorted(set(times))
        assert all(0 <= time < truth.seconds for time in times)
    assert truth.chords[0].start == truth.beats[0]
    assert truth.chords[-1].stop == pytest.approx(truth.seconds, abs=1e-4)
    assert all(before.stop == after.start for before, after in itertools.pairwise(truth.chords))


@every_piece
def test_the_music_plays_on_the_beats(title: str) -> None:
    truth = truth_of(piece(title))
    sounding = np.array(truth.onsets)
    played_beats = [np.abs(sounding - beat).min() < 1e-5 for beat in truth.beats]
    assert np.mean(played_beats) > 0.7


@every_piece
def test_sounds_start_at_their_true_time(title: str) -> None:
    composition = piece(title)
    rate = composition.master.rate
    for part in composition.parts:
        if part.role == "texture":
            continue
        first = onsets(composition, part)[:1]
        track = played(composition, part, first, round((first[0].start + 0.2) * rate))
        heard = np.flatnonzero(np.abs(track).max(axis=0) > 0)[0]
        assert 0 <= heard - round(first[0].start * rate) <= 2


def rise(title: str, times: tuple[float, ...], band: tuple[float, float]) -> float:
    """Return the median rise in dB of a band's energy from the 30 ms before the times to the 30 ms after."""
    composition = composed(title)
    rate = composition.rate
    sections = signal.butter(2, band, "bandpass", fs=rate, output="sos")
    power = signal.sosfilt(sections, composition.samples.mean(axis=0)) ** 2
    span = round(0.03 * rate)
    starts = [round(time * rate) for time in times if time > 0.1]
    ratios = [np.sum(power[at : at + span]) / np.sum(power[at - span - 44 : at - 44]) for at in starts]
    return float(10 * np.log10(np.median(ratios)))


@pytest.mark.parametrize("title", ["Night Tram", "Undertow", "Paper Umbrella"])
@pytest.mark.parametrize(
    ("drum", "band", "least"), [("kick", (35, 110), 3.0), ("snare", (1200, 6000), 3.0), ("hat", (8000, 16000), 3.0)]
)
def test_drums_are_heard_where_the_truth_says(title: str, drum: str, band: tuple[float, float], least: float) -> None:
    assert rise(title, truth_of(piece(title)).drums[drum], band) > least


def test_the_ride_is_heard_in_the_waltz() -> None:
    assert rise("Kitchen Waltz", truth_of(piece("Kitchen Waltz")).drums["ride"], (6000, 16000)) > 3.0


@pytest.mark.parametrize("title", ["Slow Harbour", "Juniper"])
def test_pieces_without_drums_have_none(title: str) -> None:
    assert not any(truth_of(piece(title)).drums.values())


def pitch_class_energy(title: str) -> NDArray[np.float64]:
    """Return the share of the energy between 60 and 2000 Hz in each pitch class ``[shape=(12,)]``."""
    composition = composed(title)
    size = 1 << 15
    _, _, frames = signal.stft(composition.samples.mean(axis=0), composition.rate, nperseg=size)
    tones = np.fft.rfftfreq(size, 1 / composition.rate)
    inside = (tones > 60) & (tones < 2000)
    classes = np.round(69 + 12 * np.log2(tones[inside] / 440)).astype(int) % 12
    energy = np.bincount(classes, np.sum(np.abs(frames[inside]), axis=1), minlength=12)
    shares: NDArray[np.float64] = energy / energy.sum()
    return shares


@every_piece
def test_the_notes_that_sound_fit_the_key(title: str) -> None:
    truth = truth_of(piece(title))
    energy = np.roll(pitch_class_energy(title), -pitch_class(truth.tonic))
    scale = MAJOR_SCALE if truth.scale == "major" else MINOR_SCALE
    inside = energy[list(scale)]
    outside = np.delete(energy, scale)
    assert inside.sum() > 0.66
    assert np.median(inside) > 1.5 * np.median(outside)
    third, other_third = (4, 3) if truth.scale == "major" else (3, 4)
    assert energy[third] > energy[other_third]
    assert energy[[0, 7, third]].min() > np.median(energy)


@every_piece
def test_the_first_and_last_chords_are_the_tonic(title: str) -> None:
    truth = truth_of(piece(title))
    minor = "m" if truth.scale == "minor" else ""
    assert truth.chords[-1].symbol.startswith(truth.tonic + minor)
    assert truth.chords[0].symbol.startswith(truth.tonic + minor)


def test_the_same_piece_is_the_same_twice() -> None:
    assert digest(compose(tiny()).samples) == digest(compose(tiny()).samples)
    assert digest(compose(tiny()).samples) != digest(compose(tiny(seed=2)).samples)


def test_the_same_piece_is_the_same_in_another_process() -> None:
    script = (
        "import hashlib\n"
        "from small_dataset_audio.dataset.demo import PIECES, compose\n"
        "for piece in PIECES:\n"
        "    if piece.title in {'Juniper', 'Kitchen Waltz'}:\n"
        "        print(piece.title, hashlib.sha256(compose(piece).samples.tobytes()).hexdigest(), sep=':')\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    found = dict(line.split(":") for line in run.stdout.split("\n") if line)
    assert found == {title: digest(composed(title).samples) for title in ("Juniper", "Kitchen Waltz")}


def test_what_is_written_after_the_end_is_a_mistake_in_the_score() -> None:
    short = tiny()
    late = Piece(
        short.title,
        short.form,
        tuple(type(part)(part.name, part.role, part.instrument, (Event(99.0, 1.0, 60, 0.5),)) for part in short.parts),
        short.master,
    )
    with pytest.raises(ValueError, match="after the end"):
        all_onsets(late)


def test_a_human_strays_from_the_beat_only_between_beats() -> None:
    guitar = piece("Juniper")
    (part,) = guitar.parts
    starts = [onset.start for onset in onsets(guitar, part)]
    exact = {round(guitar.form.grid.seconds(event.beat), 9) for event in part.events}
    strayed = [start for start in starts if round(start, 9) not in exact]
    assert 0.3 < len(strayed) / len(starts) < 0.7
