import pytest

from small_dataset_audio.errors import UsageError
from small_dataset_audio.features.catalog import BY_NAME, FEATURES, feature
from small_dataset_audio.features.describe import render_markdown


def test_every_name_is_declared_once_with_a_range_a_meaning_and_a_source() -> None:
    assert len(BY_NAME) == len(FEATURES)
    for one in FEATURES:
        assert one.low < one.high, one.name
        assert one.meaning.endswith("."), one.name
        assert one.source, one.name
        assert one.unit, one.name


def test_the_counts_are_those_of_the_contract() -> None:
    groups = {group: sum(one.group == group for one in FEATURES) for group in {one.group for one in FEATURES}}
    assert groups == {
        "rhythm": 29,
        "loudness": 12,
        "spectral": 10,
        "harmonic": 42,
        "timbre": 8,
        "labels": 4,
        "aesthetics": 4,
        "drums": 7,
        "crop": 1,
    }


CONTRACT: dict[tuple[float, float], str] = {
    (40, 300): "bpm",
    (0, 1): (
        "bpm_is_defined beat_regularity syncopation on_beat_ratio rhythmic_complexity rhythmic_evenness syncopation_bass "
        "syncopation_drums syncopation_other rhythmic_complexity_bass rhythmic_complexity_drums rhythmic_complexity_other "
        "rhythmic_evenness_bass rhythmic_evenness_drums rhythmic_evenness_other spectral_flatness saturation_ratio "
        "tonic_strength harmonic_movement_bass harmonic_movement_other harmonic_variance_bass harmonic_variance_other "
        "danceability atonality voice_probability instrumental_probability position_in_file "
        + " ".join(f"chroma_{i} hpcp_{i}" for i in range(12))
    ),
    (0, 1000): "beat_count",
    (0, 10000): "onset_count saturation_count",
    (0, 50): (
        "onset_density onset_density_average_bass onset_density_average_drums onset_density_average_other drum_density"
    ),
    (0, 10): (
        "onset_strength_mean onset_strength_std ioi_mean ioi_std onset_density_variance_bass onset_density_variance_drums "
        "onset_density_variance_other spectral_kurtosis"
    ),
    (-40, 0): "lufs",
    (-70, 0): "lufs_bass lufs_drums lufs_other lufs_vocals",
    (0, 25): "lra lra_bass lra_drums lra_other lra_vocals",
    (-60, 6): "true_peak",
    (0, 40): "plr",
    (0, 3): "spectral_flux",
    (-3, 3): "spectral_skewness",
    (-60, 0): "rms_energy_bass rms_energy_body rms_energy_mid rms_energy_air",
    (-1, 1): " ".join(f"tiv_{i}" for i in range(12)),
    (0, 11): "tonic",
    (0, 100): "brightness roughness hardness depth booming reverberation sharpness warmth",
    (1, 10): "content_enjoyment content_usefulness production_complexity production_quality",
    (0, 20000): "drum_hits drum_hits_kick drum_hits_snare drum_hits_tom drum_hits_hat drum_hits_cymbal",
}
"""Range -> the names that have it: what training configurations rely on."""
WHOLE = {
    "beat_count", "onset_count", "saturation_count", "tonic", "drum_hits", "drum_hits_kick", "drum_hits_snare",
    "drum_hits_tom", "drum_hits_hat", "drum_hits_cymbal",
}  # fmt: skip


def test_names_ranges_and_kinds_are_those_of_the_contract_and_no_others() -> None:
    wanted = {name: limits for limits, names in CONTRACT.items() for name in names.split()}
    assert {one.name: (one.low, one.high) for one in FEATURES} == wanted
    assert {one.name for one in FEATURES if one.kind == "int"} == WHOLE
    assert [one.name for one in FEATURES if one.kind == "flag"] == ["bpm_is_defined"]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        feature("bmp")
    assert "bpm" in caught.value.fix
    with pytest.raises(UsageError) as caught:
        feature("qqqqqq")
    assert "sda features" in caught.value.fix


def test_the_page_marks_what_is_not_measured() -> None:
    page = render_markdown(frozenset({"bpm"}))
    assert "| `bpm` | 1/min | 40 to 300 |" in page
    assert "| `lufs` *declared* |" in page
    assert "measures 1 of them" in page
