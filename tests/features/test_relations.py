"""Every number that is measured without weights, against what must follow when the recording is changed in a known way.

No number is known beforehand here: only how it must move. A wrong reference level, a sum of channels where a mean belongs, frames
counted for seconds, or a sample rate that shows where it must not, breaks one of these relations.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.features.extract import FAMILIES, measure_clips
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import STEMS, Options
from support.harmonic_chords import cadence
from support.rhythm_pieces import HOUSE, beat_times, drums
from support.signals import Signal

RATE = 44100
TONIC = 9
BPM = 120.0
Recording = dict[str, Signal]
"""``mix`` and the stems -> samples ``[shape=(2, n)]``."""

LEVELS = {"true_peak", *(f"rms_energy_{band}" for band in ("bass", "body", "mid", "air"))}
LOUDNESS = {"lufs", *(f"lufs_{stem}" for stem in STEMS)}
COUNTS = {"beat_count", "onset_count", "saturation_count"}
PER_SECOND = {"bpm", "onset_density", *(f"onset_density_average_{stem}" for stem in STEMS)}
SECONDS = {"beat_regularity", "ioi_mean", "ioi_std"}
TURNED = {f"{profile}_{i}" for profile in ("chroma", "hpcp") for i in range(12)}
"""Numbers that turn with the key."""
VECTOR = {f"tiv_{i}" for i in range(12)}


@cache
def recording() -> tuple[Recording, int]:
    """Return a house beat with chords and a bass in A minor, 16 s, every stem at its own place, and its rate."""
    beat = drums(HOUSE, beat_times(33, BPM), rate=RATE).samples[0]
    chords = cadence(TONIC, "minor", 2.0, RATE)[0]
    low = resample(np.repeat(cadence(TONIC, "minor", 1.0, RATE), 2, axis=1), 2, 1)[0]
    voice = np.roll(chords, RATE // 2) * np.float32(0.3)
    length = min(map(len, (beat, chords, low, voice)))
    places = {"drums": (0.7, 0.6), "other": (0.8, 0.2), "bass": (0.5, 0.5), "vocals": (0.1, 0.6)}
    lines = {"drums": beat, "other": chords, "bass": low, "vocals": voice}
    stems = {name: np.outer(places[name], line[:length]).astype(np.float32) * 0.5 for name, line in lines.items()}
    return {"mix": np.asarray(sum(stems.values()), dtype=np.float32), **stems}, RATE


def measured(tracks: Mapping[str, Signal], rate: int = RATE) -> Measured:
    clips = {name: Clip(np.ascontiguousarray(samples, dtype=np.float32), rate) for name, samples in tracks.items()}
    return measure_clips(clips.pop("mix"), clips, Options())


@cache
def base() -> Measured:
    return measured(recording()[0])


def changed(change: Callable[[Signal], Signal]) -> dict[str, float]:
    return measured({name: change(samples) for name, samples in recording()[0].items()}).values


def assert_moved(
    found: Mapping[str, float],
    wanted: Mapping[str, float],
    *,
    relative: float = 1e-4,
    absolute: float = 1e-4,
    but: Mapping[str, float] | None = None,
) -> None:
    """Fail unless the numbers are as wanted; ``but`` is how far certain ones may be off."""
    assert set(found) == set(wanted)
    off = {
        name: (value, found[name])
        for name, value in wanted.items()
        if found[name] != pytest.approx(value, rel=relative, abs=max(absolute, (but or {}).get(name, 0.0)))
    }
    assert not off


def test_every_number_without_weights_is_measured_here() -> None:
    promised = {name for family in FAMILIES for name in family.features}
    assert base().absent == {}
    assert set(base().values) == promised
    assert len(promised) == 101


def test_the_piece_is_what_it_is() -> None:
    values = base().values
    assert values["bpm"] == pytest.approx(BPM, rel=0.003)
    assert values["bpm_is_defined"] == 1
    assert values["tonic"] == TONIC
    assert set(base().labels["tonic_scale"]) == {"minor"}


@pytest.mark.parametrize("decibels", [-9.0, 6.0])
def test_gain_moves_levels_by_itself_and_nothing_else(decibels: float) -> None:
    louder = changed(lambda samples: samples * 10.0 ** (decibels / 20.0))
    wanted = {name: value + (decibels if name in LEVELS | LOUDNESS else 0.0) for name, value in base().values.items()}
    assert_moved(louder, wanted, absolute=2e-3, relative=5e-3)


def test_polarity_is_not_heard() -> None:
    assert_moved(changed(np.negative), base().values, absolute=1e-6, relative=1e-6)


def test_left_and_right_are_alike() -> None:
    assert_moved(changed(lambda samples: samples[::-1]), base().values, absolute=1e-5, relative=1e-5)


def test_an_offset_shows_in_the_peak_alone() -> None:
    found = changed(lambda samples: samples + np.array([[0.02], [0.01]]))
    wanted = base().values | {name: found[name] for name in ("true_peak", "plr")}
    assert_moved(found, wanted, absolute=3e-3, relative=3e-3)
    assert abs(found["true_peak"] - base().values["true_peak"]) > 0.03


def test_mono_is_one_loudspeaker_and_the_same_twice_is_two() -> None:
    one = changed(lambda samples: samples.mean(axis=0, keepdims=True))
    two = changed(lambda samples: np.tile(samples.mean(axis=0), (2, 1)))
    louder = 10.0 * np.log10(2.0)
    wanted = {name: value + (louder if name in LOUDNESS else 0.0) for name, value in one.items()}
    assert_moved(two, wanted | {"plr": one["plr"] - louder}, absolute=1e-5, relative=1e-5)


def test_a_side_signal_counts_as_much_as_the_middle() -> None:
    """What is in opposite polarity left and right would vanish from a mere mean of the channels."""
    middle = changed(lambda samples: np.tile(samples.mean(axis=0), (2, 1)))
    side = changed(lambda samples: np.outer((1.0, -1.0), samples.mean(axis=0)))
    shape = {"spectral_flatness", "spectral_flux", "spectral_skewness", "spectral_kurtosis"}  # of the mono mix
    assert set(middle) - set(side) == shape
    kept = {name: value for name, value in middle.items() if name not in shape}
    timbre = dict.fromkeys(("hardness", "depth", "warmth", "reverberation", "roughness", "sharpness"), 1.5)
    assert_moved(side, kept, absolute=5e-3, relative=5e-3, but=timbre)


@pytest.mark.parametrize("rate", [48000, 88200])
def test_the_sample_rate_does_not_show(rate: int) -> None:
    tracks = {name: resample(samples, RATE, rate) for name, samples in recording()[0].items()}
    found = measured(tracks, rate).values
    in_samples = {
        "spectral_flatness",
        "spectral_flux",
        "spectral_skewness",
        "spectral_kurtosis",
    }  # frames are so many samples
    wanted = base().values | {name: found[name] for name in in_samples}
    assert_moved(found, wanted, absolute=0.02, relative=0.01, but={"warmth": 0.6, "hardness": 1.2})


def test_the_same_twice_has_twice_the_events_and_is_otherwise_the_same() -> None:
    found = changed(lambda samples: np.tile(samples, (1, 2)))
    wanted = {name: value * (2.0 if name in COUNTS else 1.0) for name, value in base().values.items()}
    seam = {"beat_count": 2.0, "onset_count": 2.0, "beat_regularity": 0.05, "lra": 1.0, "hardness": 1.5, "warmth": 1.0}
    seam |= {f"lra_{stem}": 1.0 for stem in STEMS} | {"depth": 1.0, "roughness": 0.5}
    seam |= {"reverberation": 100.0}  # few decays are free here: one more turns the vote
    assert_moved(found, wanted, absolute=0.05, relative=0.03, but=seam)


def test_played_faster_it_is_faster_and_higher() -> None:
    """The same samples at a rate of two semitones more: tempo and pitch move, what is counted in samples stays."""
    semitones = 2
    rate = round(RATE * 2.0 ** (semitones / 12.0))
    found = measured(recording()[0], rate).values
    faster = rate / RATE
    before = base().values
    for name in PER_SECOND & set(before):
        assert found[name] == pytest.approx(before[name] * faster, rel=0.04, abs=0.1), name
    for name in SECONDS:
        assert found[name] == pytest.approx(before[name] / faster, rel=0.05, abs=0.004), name
    for name in TURNED:
        profile, _, place = name.rpartition("_")
        turned = f"{profile}_{(int(place) + semitones) % 12}"
        assert found[turned] == pytest.approx(before[name], abs=0.03), name
    assert found["tonic"] == (before["tonic"] + semitones) % 12
    for k in range(6):
        turn = np.exp(-2j * np.pi * (k + 1) * semitones / 12.0)
        was, now = (complex(one[f"tiv_{2 * k}"], one[f"tiv_{2 * k + 1}"]) for one in (before, found))
        assert now == pytest.approx(was * turn, abs=0.02), k
    for name in ("spectral_flatness", "spectral_flux", "spectral_skewness", "spectral_kurtosis", "saturation_ratio"):
        assert found[name] == pytest.approx(before[name], rel=0.02), name
    assert found["true_peak"] == pytest.approx(before["true_peak"], abs=1e-6)
