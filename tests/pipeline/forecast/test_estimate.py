"""What a run will need, and how far off that was."""

from dataclasses import replace
from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import Incoming
from small_dataset_audio.hardware.benchmark.profile import Profile
from small_dataset_audio.hardware.limit import planned
from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.pipeline import workers as workers_module
from small_dataset_audio.pipeline.forecast import estimate as estimates
from small_dataset_audio.pipeline.forecast.estimate import (
    LOOKED_INTO,
    START_SECONDS,
    Estimate,
    compared,
    estimate,
    remark,
    track_seconds,
)
from small_dataset_audio.pipeline.forecast.history import Done, History
from small_dataset_audio.pipeline.forecast.machine import Machine
from small_dataset_audio.pipeline.forecast.stage import DECODING_ERROR, NETWORK_ERROR, StageEstimate
from small_dataset_audio.pipeline.plan import Plan
from small_dataset_audio.pipeline.stage import Job, Stage
from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE
from support.benchmark_profiles import profile
from support.fake_stages import stage
from support.signals import tone, write_audio

HOST = Memory(24 * GIB, 20 * GIB)
CARD = Memory(8 * GIB, 7 * GIB)
NOTE, COPY, LARGE, STEMS, CAPTIONS = (stage(name) for name in ("note", "copy", "large", "stems", "captions"))


@pytest.fixture(autouse=True)
def _cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "usable_cores", lambda: 4)


def plan_of(folder: Path, *seconds: float | None, steps: tuple[str, ...] = ("note",)) -> Plan:
    """Return a plan of tracks that are so long; None stands for one without a recording."""
    plan = Plan(folder)
    for index, length in enumerate(seconds):
        track = Track(folder / f"track {index}")
        track.folder.mkdir(exist_ok=True)
        if length is not None:
            write_audio(track.folder / "full_mix.wav", tone(length, rate=8000), rate=8000)
        plan.jobs.append(Job(track, steps))
    return plan


def knowing(name: str = "note", *steps: tuple[float, float, int]) -> History:
    return History({name: [Done(*one) for one in steps or [(1.0, 10.0, 50), (2.0, 10.0, GIB), (3.0, 10.0, 50)]]})


def foreseen(
    plan: Plan,
    *stages: Stage,
    history: History | None = None,
    known: Profile | None = None,
    host: Memory = HOST,
    device: str | None = None,
    memory: Memory | None = None,
    workers: int | None = None,
) -> Estimate:
    machine = Machine(host, device, memory, known, history or History())
    return estimate(plan, stages or (NOTE,), Settings(), machine, workers)


def only(found: Estimate) -> StageEstimate:
    [one] = found.stages
    return one


def test_run_logs_say_how_long_it_takes(tmp_path: Path) -> None:
    found = foreseen(plan_of(tmp_path, 1.0, 3.0), history=knowing(), workers=2)
    one = only(found)
    assert (one.stage, one.tracks, one.basis, one.known_from, one.device) == ("note", 2, "run logs", 3, "cpu")
    assert one.audio_seconds == pytest.approx(4.0)
    assert one.work_seconds == pytest.approx(0.8)
    assert one.low == pytest.approx(4 * 0.12)
    assert one.high == pytest.approx(4 * 0.28)
    assert (one.memory_bytes, one.fits) == (GIB, True)
    assert one.why == "From the run logs of 3 tracks."
    assert found.seconds == pytest.approx(START_SECONDS + 0.6), "the longer track alone"
    assert found.low == pytest.approx(START_SECONDS + 0.36)
    assert found.high == pytest.approx(START_SECONDS + 0.84)
    assert found.work == {(tmp_path / "track 0", "note"): 0.2, (tmp_path / "track 1", "note"): pytest.approx(0.6)}


def test_every_worker_has_to_be_ready_once(tmp_path: Path) -> None:
    known = History({"note": [Done(1.0, 10.0, 0, opening=30.0)]})
    found = foreseen(plan_of(tmp_path, 1.0, 1.0), history=known, workers=1)
    assert only(found).work_seconds == pytest.approx(0.2)
    assert found.seconds == pytest.approx(START_SECONDS + 30.2)


def test_one_track_in_the_logs_is_one_track(tmp_path: Path) -> None:
    assert only(foreseen(plan_of(tmp_path, 1.0), history=knowing("note", (1.0, 1.0, 0)))).why == (
        "From the run logs of 1 track."
    )


def test_the_decoding_rate_says_it_where_nothing_ran_yet(tmp_path: Path) -> None:
    one = only(foreseen(plan_of(tmp_path, 6.0, steps=("copy",)), COPY, known=profile()))
    assert one.basis == "profile"
    assert one.work_seconds == pytest.approx(6.0 / 600)
    assert one.high == pytest.approx(DECODING_ERROR * 6.0 / 600)
    assert one.low == pytest.approx(6.0 / 600 / DECODING_ERROR)
    assert one.why == "From the machine profile alone: it may be off by a factor of 2."


def test_the_operations_of_a_network_say_it_on_the_device_that_was_measured(tmp_path: Path) -> None:
    plan, known = plan_of(tmp_path, 6.0, steps=("stems",)), profile()
    rate = Machine(HOST, "cpu", HOST, known).operations_per_second(STEMS)
    assert rate is not None
    one = only(foreseen(plan, STEMS, known=known, device="cpu", memory=HOST))
    expected = 6.0 * (10e9 / rate + 0.5 / 600)
    assert one.work_seconds == pytest.approx(expected)
    assert one.high == pytest.approx(NETWORK_ERROR * expected)
    assert "factor of 3" in one.why
    assert (one.device, one.memory_bytes, one.fits) == ("cpu", 2 * GIB, True)
    other = only(foreseen(plan, STEMS, known=known, device="cuda:0", memory=CARD))
    assert (other.work_seconds, other.basis, other.memory_bytes, other.fits) == (None, "none", 2 * GIB, True)


def test_a_network_of_unknown_size_takes_a_time_that_is_not_known(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 6.0, steps=("captions",))
    one = only(foreseen(plan, CAPTIONS, known=profile(), device="cpu", memory=HOST))
    assert (one.work_seconds, one.basis) == (None, "none")


@pytest.mark.parametrize("known", [None, profile(rates={})])
def test_without_either_the_time_is_not_invented(tmp_path: Path, known: Profile | None) -> None:
    found = foreseen(plan_of(tmp_path, 1.0, steps=("copy",)), COPY, known=known)
    one = only(found)
    assert (one.work_seconds, one.low, one.high, one.basis, one.known_from) == (None, None, None, "none", 0)
    assert one.why == "It never ran here like this."
    assert one.audio_seconds == pytest.approx(1.0)
    assert (found.seconds, found.low, found.high) == (None, None, None)


def test_a_whole_whose_part_is_not_known_is_not_known(tmp_path: Path) -> None:
    found = foreseen(plan_of(tmp_path, 1.0, steps=("note", "copy")), NOTE, COPY, history=knowing())
    assert [one.work_seconds is None for one in found.stages] == [False, True]
    assert found.seconds is None


def test_tracks_without_a_duration_are_taken_to_be_like_the_others(tmp_path: Path) -> None:
    found = foreseen(plan_of(tmp_path, 2.0, None, 4.0), history=knowing())
    assert only(found).audio_seconds == pytest.approx(9.0)
    assert len(found.durations) == 2, "they are not told as measured"
    other = tmp_path / "other"
    other.mkdir()
    found = foreseen(plan_of(other, None, None), history=knowing())
    assert only(found).audio_seconds is None
    assert only(found).work_seconds is None
    assert only(found).basis == "run logs"
    assert found.seconds is None


def test_of_a_large_library_only_some_headers_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def ten_seconds(audio: object) -> float:
        asked.append(audio)
        return 10.0

    monkeypatch.setattr(estimates, "track_seconds", ten_seconds)
    plan = Plan(tmp_path, [Job(Track(tmp_path / str(number)), ("note",)) for number in range(1000)])
    assert only(foreseen(plan, history=knowing())).audio_seconds == pytest.approx(10_000)
    assert LOOKED_INTO <= len(asked) <= 2 * LOOKED_INTO


def test_recordings_that_are_still_to_come_in_count(tmp_path: Path) -> None:
    source = tmp_path / "tape.wav"
    write_audio(source, tone(2.0))
    track = Track(tmp_path / "library" / "tape")
    plan = Plan(tmp_path / "library", [Job(track, ("organize", "analyze"), Incoming(source, track, "new"))])
    found = foreseen(plan, ORGANIZE, ANALYZE, known=profile())
    assert [one.stage for one in found.stages] == ["organize", "analyze"]
    assert all(one.audio_seconds == pytest.approx(2.0) for one in found.stages)
    assert all(one.memory_bytes is not None and one.memory_bytes >= 10**8 for one in found.stages)
    assert found.durations == {track.folder: pytest.approx(2.0)}


def test_what_tells_no_duration_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.wav").write_text("not audio")
    assert track_seconds(tmp_path / "text.wav") is None
    assert track_seconds(None) is None

    def refused(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    plan = plan_of(tmp_path, 1.0)
    monkeypatch.setattr("small_dataset_audio.dataset.layout.os.scandir", refused)
    assert only(foreseen(plan, history=knowing())).audio_seconds is None


# Memory: whether it fits.


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (Memory(4 * GIB, GIB), "It needs 1.4 GiB of memory, and 1.0 GiB are free on cpu: close what else uses it."),
        (
            Memory(GIB, GIB, GIB, "memory.max of control group /"),
            "It needs 1.4 GiB of memory, and cpu has 1.0 GiB (memory.max of control group /): not on this device.",
        ),
        (
            planned(HOST, 0.5),
            "It needs 1.4 GiB of memory, and cpu has 0.5 GiB (memory_limit_gb in [hardware]): not on this device.",
        ),
    ],
)
def test_memory_that_is_not_there_is_said(tmp_path: Path, host: Memory, why: str) -> None:
    one = only(foreseen(plan_of(tmp_path, 10.0, 50.0, steps=("large",)), LARGE, host=host))
    assert one.memory_bytes == 1_500_000_000, "the longest recording counts"
    assert (one.fits, one.why) == (False, why)


@pytest.mark.parametrize(("chosen", "fits"), [(STEMS, True), (CAPTIONS, False)])
def test_an_accelerator_without_the_memory_is_said(tmp_path: Path, chosen: Stage, fits: bool) -> None:  # noqa: FBT001 - a table
    card = Memory(4 * GIB, 3 * GIB)
    plan = plan_of(tmp_path, 1.0, 1.0, steps=(chosen.name,))
    known = knowing(chosen.name, (5.0, 10.0, 99 * GIB))
    found = foreseen(plan, chosen, history=known, device="cuda:0", memory=card, workers=4)
    one = only(found)
    assert one.fits is fits
    if not fits:
        assert one.why == "It needs 6.0 GiB of memory, and cuda:0 has 4.0 GiB: not on this device."
    assert found.seconds == pytest.approx(START_SECONDS + 1.0), "the accelerator does one track at a time"


def test_a_device_that_is_busy_is_told_from_one_that_is_too_small(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 1.0, steps=("captions",))
    one = only(foreseen(plan, CAPTIONS, device="cuda:0", memory=Memory(8 * GIB, 5 * GIB)))
    assert one.why == "It needs 6.0 GiB of memory, and 5.0 GiB are free on cuda:0: close what else uses it."
    assert (only(foreseen(plan, CAPTIONS)).fits, only(foreseen(plan, CAPTIONS)).device) == (None, None)
    assert only(foreseen(plan, CAPTIONS, device="cuda:0")).fits is None, "a device that does not tell its memory"


def test_what_workers_of_the_host_held_says_nothing_of_a_card(tmp_path: Path) -> None:
    accelerated = stage("accelerated")
    plan = plan_of(tmp_path, 1.0, steps=("accelerated",))
    known = knowing("accelerated", (1.0, 1.0, 30 * GIB))
    assert only(foreseen(plan, accelerated, history=known, device="cuda:0", memory=CARD)).memory_bytes is None
    assert only(foreseen(plan, accelerated, history=known, device="cpu", memory=HOST)).fits is False


def test_on_the_processor_a_network_holds_what_its_worker_holds(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 100.0, steps=("large",))
    accelerated = replace(LARGE, accelerator=lambda _: True)
    assert only(foreseen(plan, accelerated, device="cpu", memory=HOST)).memory_bytes == 2_000_000_000
    assert only(foreseen(plan, accelerated, device="cuda:0", memory=CARD)).memory_bytes is None
    both = replace(accelerated, memory_gb=lambda _: 3.0)
    assert only(foreseen(plan, both, device="cpu", memory=HOST)).memory_bytes == 3 * GIB


def test_no_more_workers_start_than_fit_with_the_longest_recordings(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 100.0, 100.0, 1.0, 1.0, steps=("large",))
    assert foreseen(plan, LARGE).workers == 4
    tight = Memory(24 * GIB, 4_200_000_000)
    found = foreseen(plan, LARGE, host=tight)
    assert (found.workers, only(found).fits) == (2, True), "2 GB and 2 GB"
    asked = foreseen(plan, LARGE, host=tight, workers=4)
    assert (asked.workers, only(asked).fits) == (4, False)
    assert only(asked).why == (
        "4 workers need 5.6 GiB together where they meet the longest recordings, and 3.9 GiB are free: run with --workers 2."
    )


def test_nothing_to_do_takes_no_time(tmp_path: Path) -> None:
    assert foreseen(Plan(tmp_path)) == Estimate(0, 0, (), 0.0, 0.0, 0.0)


def test_stages_that_have_nothing_to_do_are_left_out(tmp_path: Path) -> None:
    assert [one.stage for one in foreseen(plan_of(tmp_path, 1.0), NOTE, STEMS).stages] == ["note"]


# Afterwards.


def test_the_log_says_how_far_off_it_was(tmp_path: Path) -> None:
    found = foreseen(plan_of(tmp_path, 10.0, 20.0), history=knowing(), workers=1)
    first, second = tmp_path / "track 0", tmp_path / "track 1"
    assert compared(found, {(first, "note"): 3.0, (second, "note"): 3.0, (first, "made up"): 1.0}, 14.0) == {
        "stages": {"note": {"foreseen": 6.0, "took": 6.0, "ratio": 1.0}},
        "run": {"foreseen": 7.0, "took": 14.0, "ratio": 2.0},
    }
    part = compared(found, {(first, "note"): 3.0}, None)
    assert part == {"stages": {"note": {"foreseen": 2.0, "took": 3.0, "ratio": 1.5}}, "run": None}
    assert compared(Estimate(1, 1, (), None, None, None), {}, 6.0) == {"stages": {}, "run": None}
    assert compared(Estimate(), {}, 6.0)["run"] == {"foreseen": 0.0, "took": 6.0, "ratio": None}


@pytest.mark.parametrize(
    ("low", "seconds", "high", "took", "expected"),
    [
        (100.0, 120.0, 150.0, 130.0, None),
        (100.0, 120.0, 150.0, 240.0, "It took 2.0 times as long as foreseen; the next estimate goes by this run as well."),
        (100.0, 120.0, 150.0, 60.0, "It took 0.5 times as long as foreseen; the next estimate goes by this run as well."),
        (5.0, 10.0, 20.0, 50.0, None),
        (None, None, None, 500.0, None),
    ],
)  # fmt: skip
def test_only_what_is_worth_knowing_is_said(
    low: float | None, seconds: float | None, high: float | None, took: float, expected: str | None
) -> None:
    assert remark(Estimate(1, 1, (), seconds, low, high), took) == expected
