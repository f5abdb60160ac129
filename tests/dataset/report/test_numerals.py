import pytest

from small_dataset_audio.dataset.report.numerals import length, measured, numeral, plural, share, total_length, unit_of
from small_dataset_audio.features.catalog import BY_NAME


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.5, "0.500"), (-14.25, "\u221214.2"), (1.234, "1.23"), (123.4, "123"),
        (1234.0, "1,234"), (0.0001, "1.00\u00d710\u207b\u2074"), (-0.0001, "\u22121.00\u00d710\u207b\u2074"), (1e9, "1.00\u00d710\u2079"), (0.0006, "0.001"),
    ],
)  # fmt: skip
def test_about_three_digits(value: float, text: str) -> None:
    assert numeral(value) == text


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert numeral(-0.04, 1) == "0.0"
    assert numeral(-0.06, 1) == "\u22120.1"


@pytest.mark.parametrize(
    ("name", "value", "text", "unit"),
    [
        ("bpm", 119.96, "120.0", "BPM"), ("lufs", -14.04, "\u221214.0", "LUFS"), ("bpm_is_defined", 1, "yes", ""),
        ("bpm_is_defined", 0, "no", ""), ("tonic", 1, "C#", ""), ("tonic", 12, "12", ""), ("beat_count", 73, "73", "beats"),
        ("onset_density", 2.345, "2.35", "1/s"), ("syncopation", 0.25, "0.250", ""),
    ],
)  # fmt: skip
def test_values_are_written_as_their_unit_calls_for(name: str, value: float, text: str, unit: str) -> None:
    assert measured(value, BY_NAME[name]) == text
    assert unit_of(BY_NAME[name]) == unit


def test_what_is_not_declared_is_written_all_the_same() -> None:
    assert (measured(4.0, None), unit_of(None)) == ("4", "")


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [(0.02, "0:00.0", "0 s"), (3, "0:03.0", "3 s"), (65.4, "1:05", "1 min 5 s"), (10800, "3:00:00", "3 h 0 min")],
)
def test_durations(seconds: float, short: str, long: str) -> None:
    assert length(seconds) == short
    assert total_length(seconds) == long


def test_words() -> None:
    assert plural(1, "track") == "1 track"
    assert plural(2000, "track") == "2,000 tracks"
    assert plural(2, "piece of it", "pieces of it") == "2 pieces of it"
    assert [share(part) for part in (0.0, 0.004, 0.125, 1.0)] == ["0%", "<1%", "12%", "100%"]
