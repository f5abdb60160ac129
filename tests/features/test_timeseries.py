"""How features change over time, on sounds of which that is known."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features import extract
from small_dataset_audio.features.bands import BANDS
from small_dataset_audio.features.bandseries import band_power
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Options, Sound
from small_dataset_audio.features.spectra import Spectra
from support.harmonic_chords import MAJOR, notes
from support.signals import Signal, clicks, noise, silence, tone
from support.spooled import on_disk

EDGES = tuple(BANDS.values())
RATE = 22050


def measured(samples: Signal, steps: int | None, rate: int = RATE) -> Measured:
    return extract.measure(
        Sound(Spectra(Clip(samples, rate)), options=Options(timeseries_steps=steps)), extract.FAMILIES
    )


def test_a_click_track_has_its_beats_onsets_and_strength_where_the_clicks_are() -> None:
    times = np.arange(0.25, 32.0, 0.5)
    found = measured(clicks(times, 32.0, RATE), 64)
    series = found.series
    assert series["beats"].tolist() == [1.0] * 64
    assert series["onsets"].tolist() == [1.0] * 64
    assert series["downbeats"].sum() == len(found.times["downbeats"])
    assert series["beats"].sum() == found.values["beat_count"]
    assert series["onset_strength"].shape == (64,)
    assert series["onset_strength"].mean() == pytest.approx(1.0, rel=0.02)
    finer = measured(clicks(times, 32.0, RATE), 640).series["onset_strength"].reshape(64, 10)
    assert finer[:, 3:7].sum() > 0.9 * finer.sum()


def test_the_chroma_changes_when_the_chord_does_and_is_nothing_in_silence() -> None:
    parts = [notes([60 + step for step in MAJOR], 4.0, RATE), notes([65 + step for step in MAJOR], 4.0, RATE)]
    chroma = measured(np.concatenate([*parts, silence(4.0, RATE)], axis=1), 12).series["chroma"]
    assert chroma.shape == (12, 12)
    for steps, chord in ((slice(1, 3), {0, 4, 7}), (slice(5, 7), {5, 9, 0})):
        for row in chroma[steps]:
            assert set(np.argsort(row)[-3:].tolist()) == chord
            assert row.max() <= 1.0 + 1e-6
    assert not chroma[10:].any()


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
def test_a_tone_has_its_power_in_its_band_and_only_while_it_lasts(rate: int) -> None:
    samples = np.concatenate([tone(2.0, rate, 300.0, peak=0.5, channels=2), silence(2.0, rate, 2)], axis=1)
    power = band_power(samples, rate, EDGES, 8)
    assert power.shape == (8, 4)
    assert power.dtype == np.float32
    assert power[1:3, 1] == pytest.approx(0.125, rel=0.01)
    assert power[:, 1].sum() == pytest.approx(4 * 0.125, rel=0.01)
    assert power[5:].max() < 1e-9
    assert power[:, [0, 2]].max() < 1e-4


@settings(max_examples=25, deadline=None)
@given(seconds=st.floats(0.001, 3.0), steps=st.integers(2, 2000), channels=st.integers(1, 3))
def test_the_power_of_all_steps_and_bands_is_that_of_the_signal(seconds: float, steps: int, channels: int) -> None:
    samples = noise(max(seconds, 1 / 8000), 8000, channels=channels)
    everything = band_power(samples, 8000, [(0.0, 8000.0)], steps)[:, 0]
    assert everything.astype(np.float64).mean() == pytest.approx(samples.var(axis=1).mean(), rel=1e-4, abs=1e-12)


def test_the_mean_of_a_band_over_time_is_its_level() -> None:
    samples = noise(5.0, channels=2)
    found = measured(samples, 100, 44100)
    mean = found.series["band_power"].astype(np.float64).mean(axis=0)
    for name, power in zip(BANDS, mean, strict=True):
        assert 10.0 * np.log10(power) == pytest.approx(found.values[name], abs=0.5), name
    offset = measured(samples + np.float32(0.5), 100, 44100).series["band_power"]
    np.testing.assert_allclose(offset, found.series["band_power"], rtol=1e-3, atol=1e-7)


def test_on_disk_the_series_are_the_same(tmp_path: Path) -> None:
    samples = noise(8.0, RATE, channels=2) + clicks(np.arange(0.2, 8.0, 0.4), 8.0, RATE)
    held, laid_out = measured(samples, 50), measured(on_disk(samples, tmp_path), 50)
    assert held.series.keys() == {"beats", "downbeats", "onsets", "onset_strength", "chroma", "band_power"}
    assert laid_out.series.keys() == held.series.keys()
    for name, series in held.series.items():
        np.testing.assert_array_equal(laid_out.series[name], series)
        assert series.dtype == np.float32
        assert series.shape[0] == 50


def test_what_is_not_measured_has_no_series() -> None:
    assert measured(clicks(np.arange(0.2, 8.0, 0.4), 8.0, RATE), None).series == {}
    assert measured(silence(4.0, RATE), 10).series.keys() == {"band_power"}
    assert measured(silence(0.0, RATE), 10).series == {}
