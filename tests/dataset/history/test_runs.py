from pathlib import Path

import pytest

from small_dataset_audio.dataset.history.runs import later_failure, made_by
from small_dataset_audio.dataset.provenance import StageRecord
from support.history_logs import step

LIBRARY = Path("/music/library")
RECORD = StageRecord("analyze", 2, "5e77", "a" * 64, 1.5)


def test_the_step_with_the_same_version_and_settings_wrote_it() -> None:
    assert made_by(RECORD, [step(1)], LIBRARY) == step(1)


@pytest.mark.parametrize(
    "other",
    [
        step(version=3),
        step(settings_hash="0"),
        step(failure="It failed."),
        step(seconds=1.4),
        step(seconds=9.0),
    ],
)
def test_a_step_that_differs_did_not(other: object) -> None:
    assert made_by(RECORD, [other], LIBRARY) is None  # type: ignore[list-item]


def test_what_a_log_does_not_say_is_no_contradiction() -> None:
    old = step(version=None, settings_hash=None, seconds=None)
    assert made_by(RECORD, [old], LIBRARY) == old


def test_a_record_without_a_duration_fits_any() -> None:
    assert made_by(StageRecord("crop", 2, "5e77", "", 0.0), [step(seconds=300.0)], LIBRARY) == step(seconds=300.0)


def test_of_several_the_last_one_wrote_it() -> None:
    assert made_by(RECORD, [step(1), step(2)], LIBRARY) == step(2)


def test_this_library_goes_before_another_which_may_be_where_it_lay() -> None:
    elsewhere = step(3, library=Path("/old/library"))
    assert made_by(RECORD, [step(1), elsewhere], LIBRARY) == step(1)
    assert made_by(RECORD, [elsewhere], LIBRARY) == elsewhere
    assert made_by(RECORD, [step(1, seconds=3.0), elsewhere], LIBRARY) == step(1, seconds=3.0)


def test_a_restored_track_is_traced_to_the_run_that_really_wrote_it() -> None:
    newer = step(2, settings_hash="new")
    assert made_by(RECORD, [step(1), newer], LIBRARY) == step(1)


def test_what_was_put_back_is_known_by_how_long_it_took() -> None:
    assert made_by(RECORD, [step(1), step(2, seconds=2.9)], LIBRARY) == step(1)
    slow = step(2, seconds=2.9)
    assert made_by(RECORD, [slow], LIBRARY) == slow


def test_a_failure_counts_only_while_nothing_went_well_after_it() -> None:
    failed = step(2, failure="It failed.")
    assert later_failure(step(1), [step(1), failed], LIBRARY) == failed
    assert later_failure(step(3), [step(1), failed, step(3)], LIBRARY) is None
    assert later_failure(None, [failed], LIBRARY) == failed
    assert later_failure(None, [step(2, failure="x", library=None)], LIBRARY) is None
    assert later_failure(step(3), [failed], LIBRARY) is None
    assert later_failure(None, [], LIBRARY) is None
