"""A sound on disk measures the same, to the bit, as the same sound in memory."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import folder_of
from small_dataset_audio.features import extract
from small_dataset_audio.features.harmonic.pitchband import mean_square, mixed
from small_dataset_audio.features.rhythm.accents import sums_before
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from support.harmonic_chords import cadence
from support.signals import Signal, clicks, noise, silence
from support.spooled import on_disk

RATE = 22050


def music(seconds: float, channels: int = 2) -> Signal:
    """Return chords, clicks and noise, different in each channel."""
    chords = cadence(0, "minor", 0.5)
    length = round(seconds * RATE)
    tiled = np.resize(chords[0], length)
    rhythm = clicks(np.arange(0.1, seconds, 0.5), seconds, RATE)[0]
    return np.asarray(0.5 * tiled + rhythm + noise(seconds, RATE, 0.01, channels), dtype=np.float32)


SOUNDS = {
    "stereo": music(20.0),
    "mono": music(14.0, 1),
    "three channels": music(7.0, 3),
    "only in the side": music(14.0, 1) * np.array([[1.0], [-1.0]], dtype=np.float32),
    "the same twice": np.tile(music(14.0, 1), (2, 1)),
    "silent": silence(13.0, RATE, 2),
    "short": music(0.3),
    "very short": music(0.02),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_everything_measures_the_same(tmp_path: Path, name: str) -> None:
    samples = SOUNDS[name]
    stems = {"bass": 0.5 * samples, "drums": 0.1 * samples[:1], "other": samples[:1]}
    held = Sound(Spectra(Clip(samples, RATE)), {stem: Spectra(Clip(part, RATE)) for stem, part in stems.items()})
    laid_out = Sound(
        Spectra(Clip(on_disk(samples, tmp_path), RATE)),
        {stem: Spectra(Clip(on_disk(part, tmp_path), RATE)) for stem, part in stems.items()},
    )
    first = extract.measure(held, extract.FAMILIES)
    second = extract.measure(laid_out, extract.FAMILIES)
    assert second.values == first.values
    assert second.absent == first.absent
    assert second.labels == first.labels
    assert second.confidence == first.confidence
    assert second.times.keys() == first.times.keys()
    for kind, times in first.times.items():
        np.testing.assert_array_equal(second.times[kind], times)
    assert list(tmp_path.iterdir()) == []


def test_what_is_derived_lies_where_the_samples_lie(tmp_path: Path) -> None:
    held, laid_out = (
        Spectra(Clip(samples, RATE)) for samples in (SOUNDS["stereo"], on_disk(SOUNDS["stereo"], tmp_path))
    )
    for derived in (laid_out.mono, laid_out.mono_at(11025)):
        assert folder_of(derived) == tmp_path
    np.testing.assert_array_equal(laid_out.mono, held.mono)
    np.testing.assert_array_equal(laid_out.mono_at(11025), held.mono_at(11025))
    np.testing.assert_array_equal(laid_out.frame_rms, held.frame_rms)
    np.testing.assert_array_equal(laid_out.magnitudes, held.magnitudes)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), length=st.integers(1, 600_000))
def test_power_between_edges_does_not_depend_on_where_it_lies(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, length: int
) -> None:
    band = np.resize(noise(1.0, RATE, channels=2), (2, length))
    edges = np.unique(data.draw(st.lists(st.integers(0, length + 5000), min_size=2, max_size=9)))
    whole = np.concatenate(([0.0], np.cumsum(np.square(band, dtype=np.float64).sum(axis=0))))
    wanted = np.diff(whole[np.minimum(edges, length)]) / np.diff(edges)
    stored = on_disk(band, tmp_path_factory.mktemp("scratch"))
    np.testing.assert_allclose(mean_square(stored, edges), wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(mean_square(stored, edges), mean_square(band, edges))


def test_stems_on_disk_and_in_memory_can_be_mixed(tmp_path: Path) -> None:
    one, two = noise(30.0, 11025, channels=2), noise(29.0, 11025, channels=1, seed=1)
    wanted = mixed([one, two])
    for bands in ([on_disk(one, tmp_path), two], [one, on_disk(two, tmp_path)]):
        made = mixed(bands)
        assert folder_of(made) == tmp_path
        np.testing.assert_array_equal(made, wanted)
    assert folder_of(wanted) is None


@settings(max_examples=30, deadline=None)
@given(places=st.lists(st.integers(0, 5000), max_size=20), rows=st.just(5000))
def test_sums_before_places_are_those_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], rows: int
) -> None:
    table = noise(1.0, rows, channels=3).T.copy()
    at = np.array(sorted(places), dtype=np.intp)
    whole = np.concatenate((np.zeros((1, 3)), np.cumsum(table, axis=0, dtype=np.float64)))
    stored = on_disk(table.reshape(1, -1), tmp_path_factory.mktemp("scratch"))[0].reshape(-1, 3)
    np.testing.assert_array_equal(sums_before(stored, at), whole[at])
    np.testing.assert_array_equal(sums_before(table, at), whole[at])
