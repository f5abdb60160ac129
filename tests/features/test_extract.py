import math

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import FeatureError
from small_dataset_audio.features import extract
from small_dataset_audio.features.added import AddedFeatures
from small_dataset_audio.features.catalog import Feature, declared
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, Options, Sound
from small_dataset_audio.features.spectra import Spectra
from support.signals import clicks, noise, silence

RATE = 44100


def sound(seconds: float = 0.5) -> Sound:
    return Sound(Spectra(Clip(noise(seconds), RATE)))


def family(found: Measured, *promised: str, name: str = "one") -> Family:
    return Family(name, promised, lambda _sound, _earlier: found)


def test_values_reasons_labels_times_and_confidence_come_together() -> None:
    first = family(Measured(values={"lufs": -20.0}, labels={"tonic_scale": {"minor": 1.0}}), "lufs")
    second = family(
        Measured(absent={"bpm": "no beats"}, times={"beats": np.array([1.0])}, confidence={"beats": 0.5}), "bpm"
    )
    found = extract.measure(sound(), [first, second])
    assert found.values == {"lufs": -20.0}
    assert found.absent == {"bpm": "no beats"}
    assert found.labels == {"tonic_scale": {"minor": 1.0}}
    assert found.times["beats"].tolist() == [1.0]
    assert found.confidence == {"beats": 0.5}


def test_a_later_family_sees_what_earlier_ones_found() -> None:
    seen: list[Measured] = []

    def look(_sound: Sound, earlier: Measured) -> Measured:
        seen.append(Measured(dict(earlier.values)))
        return Measured(values={"plr": 1.0})

    extract.measure(sound(), [family(Measured(values={"lufs": -20.0}), "lufs"), Family("two", ("plr",), look)])
    assert seen[0].values == {"lufs": -20.0}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_becomes_absent_with_the_reason(bad: float, caplog: pytest.LogCaptureFixture) -> None:
    found = extract.measure(sound(), [family(Measured(values={"lufs": bad}), "lufs")])
    assert found.values == {}
    assert "no number" in found.absent["lufs"]
    assert "one gave" in caplog.text


def test_counts_and_flags_are_whole_numbers() -> None:
    part = Measured(values={"beat_count": 7.0, "bpm_is_defined": 1.0, "lufs": -20.0})
    found = extract.measure(sound(), [family(part, "beat_count", "bpm_is_defined", "lufs")])
    assert [type(found.values[name]) for name in ("beat_count", "bpm_is_defined", "lufs")] == [int, int, float]


@pytest.mark.parametrize(
    ("part", "promised", "named"),
    [
        (Measured(), ("lufs",), "lufs"),
        (Measured(values={"lufs": 1.0, "bpm": 2.0}), ("lufs",), "bpm"),
        (Measured(values={"no_such_feature": 1.0}), ("no_such_feature",), "no_such_feature"),
    ],
)
def test_a_broken_promise_names_what_is_missing_too_many_or_unknown(
    part: Measured, promised: tuple[str, ...], named: str
) -> None:
    with pytest.raises(FeatureError) as caught:
        extract.measure(sound(), [family(part, *promised, name="sloppy")])
    assert "sloppy" in caught.value.what
    assert named in caught.value.why


def test_linear_algebra_runs_on_one_thread_while_measuring_and_as_before_afterwards() -> None:
    threads: list[int] = []

    def look(_sound: Sound, _earlier: Measured) -> Measured:
        threads.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return Measured()

    before = [pool["num_threads"] for pool in threadpool_info()]
    extract.measure(sound(), [Family("look", (), look)])
    assert set(threads) <= {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_families_of_other_packages_run_after_those_of_sda(monkeypatch: pytest.MonkeyPatch) -> None:
    feature = Feature("crest", "dB", 0, 1, "float", "added", "analyze", "One.", "nobody")
    added = AddedFeatures(family(Measured(values={"crest": 1.0}), "crest", name="added"), (feature,))
    monkeypatch.setattr(extract, "added_features", lambda: (added,))
    assert extract.all_families() == (*extract.FAMILIES, added.family)
    assert len({one.name for one in extract.FAMILIES}) == len(extract.FAMILIES)


def test_every_promise_is_kept_on_music_on_silence_and_on_next_to_nothing() -> None:
    promised = {name for one in extract.FAMILIES for name in one.features}
    assert promised <= set(declared())
    music = clicks(np.arange(0.25, 3, 0.5), 3) + noise(3, rms=0.01)
    for samples in (music, silence(1), noise(0.01)):
        found = extract.measure_clips(Clip(samples, RATE), {}, Options())
        assert set(found.values) | set(found.absent) >= promised
        assert not set(found.values) & set(found.absent)
        assert all(math.isfinite(value) for value in found.values.values())
        assert all(reason.strip() for reason in found.absent.values())


def test_stems_are_measured_beside_the_mix_and_twice_gives_the_same_bits() -> None:
    drums = clicks(np.arange(0.25, 3, 0.5), 3)
    clips = {"drums": Clip(drums, RATE)}
    mix = Clip(drums + noise(3, rms=0.01), RATE)
    first = extract.measure_clips(mix, clips, Options())
    again = extract.measure_clips(mix, clips, Options())
    assert first.values == again.values
    assert "lufs_drums" in first.values
    assert "lufs_bass" in first.absent
