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


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("bpm", 40, 300),
        ("lufs", -40, 0),
        ("lufs_drums", -70, 0),
        ("tiv_11", -1, 1),
        ("tonic", 0, 11),
        ("warmth", 0, 100),
    ],
)
def test_ranges_are_those_of_the_contract(name: str, low: float, high: float) -> None:
    assert (feature(name).low, feature(name).high) == (low, high)


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
