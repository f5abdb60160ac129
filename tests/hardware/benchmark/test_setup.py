"""What is asked for is checked before anything is started."""

import pytest

from small_dataset_audio.errors import UsageError
from small_dataset_audio.hardware.benchmark.setup import FULL_SECONDS, QUICK_SECONDS, Setup


@pytest.mark.parametrize(
    ("wrong", "option"),
    [
        ({"seconds": 0}, "--seconds 0"),
        ({"seconds": 601}, "--seconds 601"),
        ({"seconds": float("nan")}, "--seconds nan"),
        ({"channels": 0}, "--channels 0"),
        ({"channels": 65}, "--channels 65"),
        ({"precision": "fp8"}, "--precision fp8"),
        ({"max_batch": 0}, "--max-batch 0"),
        ({"headroom": -0.1}, "--headroom -0.1"),
        ({"headroom": 0.95}, "--headroom 0.95"),
        ({"time_limit": 0}, "--time-limit 0"),
    ],
)
def test_what_is_not_possible_names_the_option_and_what_is(wrong: dict[str, object], option: str) -> None:
    with pytest.raises(UsageError) as caught:
        Setup(**wrong)  # type: ignore[arg-type]
    assert caught.value.what.startswith(option)
    assert caught.value.why.startswith("It must be ")


def test_lengths_and_times() -> None:
    assert Setup().samples == 48000
    assert Setup(seconds=1 / 48000).samples == 1
    assert Setup().allowed_seconds == FULL_SECONDS < 90
    assert Setup(quick=True).allowed_seconds == QUICK_SECONDS < 20
    assert Setup(quick=True, time_limit=300).allowed_seconds == 300


@pytest.mark.parametrize(
    ("stored", "asked", "expected"),
    [
        (Setup(), Setup(), True),
        (Setup(), Setup(quick=True), True),
        (Setup(quick=True), Setup(quick=True), True),
        (Setup(quick=True), Setup(), False),
        (Setup(), Setup(time_limit=600), False),
        (Setup(time_limit=600), Setup(), True),
        (Setup(), Setup(seconds=2), False),
        (Setup(), Setup(channels=2), False),
        (Setup(), Setup(precision="bf16"), False),
        (Setup(), Setup(max_batch=8), False),
        (Setup(), Setup(headroom=0.2), False),
        (Setup(), Setup(workload="other"), False),
    ],
)
def test_which_measurement_answers_which_question(stored: Setup, asked: Setup, expected: bool) -> None:  # noqa: FBT001
    assert asked.answered_by(stored.as_dict()) is expected


def test_the_precisions_are_told_as_a_choice() -> None:
    with pytest.raises(UsageError) as caught:
        Setup(precision="fp8")  # type: ignore[arg-type]
    assert caught.value.why == "It must be fp32, bf16 or fp16."
