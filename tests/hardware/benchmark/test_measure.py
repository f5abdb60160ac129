"""The whole measurement, on played devices that fail in every way."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

from small_dataset_audio.errors import DeviceError, SdaError
from small_dataset_audio.hardware.benchmark import machine as machines
from small_dataset_audio.hardware.benchmark.machine import Surroundings, may_fork, opened
from small_dataset_audio.hardware.benchmark.measure import measure
from small_dataset_audio.hardware.benchmark.profile import UNITS, Profile
from small_dataset_audio.hardware.benchmark.schema import PROFILE_SCHEMA
from small_dataset_audio.hardware.benchmark.search import step
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.drivers import AmdDriver, NvidiaDriver
from support.benchmark_child import MIB, World, command, environ

QUICK = Setup(quick=True)


def around(tmp_path: Path, world: World, device: str = "auto", **more: Any) -> Surroundings:  # noqa: ANN401
    return Surroundings(device, tmp_path, environ(), command=command(world), **more)


def measured(tmp_path: Path, world: World, setup: Setup = QUICK, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    with opened(around(tmp_path, world, **more), setup.headroom) as machine:
        document = dict(measure(machine, setup).document)
    jsonschema.validate(document, PROFILE_SCHEMA)
    return document


def true_largest(world: World, headroom: float = 0.1) -> int:
    return (int(world.free * (1 - headroom)) - world.base) // world.per


@pytest.mark.parametrize("kind", ["cpu", "cuda", "rocm", "mps"])
def test_the_largest_batch_of_each_kind_of_device(tmp_path: Path, kind: str) -> None:
    world = World(kind=kind)
    document = measured(tmp_path, world)
    best = true_largest(world)
    found = document["max_batch_size"]
    assert 0 <= best - found <= step(found)
    assert document["limited_by"] == "memory"
    assert document["projected_batch_size"] == best
    assert document["best_batch_size"] <= found
    verified = [probe for probe in document["probes"] if probe["batch"] == found and probe["fresh"]]
    assert verified
    assert verified[0]["steps"] >= 3
    assert document["processes"] <= (5 if kind == "cpu" else 6)
    assert [point["batch"] for point in document["throughput"]] == sorted(
        {1, 2, 4, 8, 16, 32, 64, *(probe["batch"] for probe in document["probes"] if probe["ok"])} - {0}
    )
    assert document["memory"]["of"] == ("host" if kind == "cpu" else "device")
    assert document["fingerprint"]["device"] == document["device"]["id"]


def test_no_child_is_left_and_this_process_stays_small(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    document = measured(tmp_path, World())
    left = {child.pid for child in psutil.Process().children(recursive=True)} - before
    deadline = time.monotonic() + 5
    while any(psutil.pid_exists(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [pid for pid in left if psutil.pid_exists(pid)]
    assert document["memory"]["process_bytes"] > MIB


@pytest.mark.parametrize("above", ["oom", "sigkill", "segv", "abort", "exit"])
@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_however_memory_runs_out_the_answer_fits(tmp_path: Path, above: str, kind: str) -> None:
    world = World(kind=kind, above=above, message="something out of memory")
    document = measured(tmp_path, world)
    assert 0 < document["max_batch_size"] <= true_largest(world)
    assert document["limited_by"] == "memory"
    assert document["max_batch_size"] >= true_largest(world) - 2 * step(true_largest(world))


def test_a_batch_at_which_the_backend_stumbles_is_gone_round(tmp_path: Path) -> None:
    """Memory that is not monotonic: an algorithm of a library takes more for one size than for larger ones."""
    world = World(at=[64])
    document = measured(tmp_path, world)
    assert 32 <= document["max_batch_size"] <= true_largest(world)
    assert document["max_batch_size"] != 64


def test_the_ceiling_ends_the_search(tmp_path: Path) -> None:
    document = measured(tmp_path, World(), replace(QUICK, max_batch=48))
    assert (document["max_batch_size"], document["limited_by"]) == (48, "ceiling")
    assert max(probe["batch"] for probe in document["probes"]) == 48


def test_the_users_limit_counts(tmp_path: Path) -> None:
    document = measured(tmp_path, World(kind="cuda"), limit_bytes=1400 * MIB)
    assert document["memory"]["budget_bytes"] == 1400 * MIB
    assert 28 <= document["max_batch_size"] <= 30
    document = measured(tmp_path, World(kind="cuda"), limit_bytes=300 * MIB)
    assert document["max_batch_size"] is None
    assert "raise memory_limit_gb in [hardware] of the settings, which allows 0.29" in document["advice"].lower()


def test_a_larger_headroom_leaves_more(tmp_path: Path) -> None:
    world = World()
    document = measured(tmp_path, world, replace(QUICK, headroom=0.5))
    assert document["max_batch_size"] <= true_largest(world, 0.5)


def test_nothing_fits(tmp_path: Path) -> None:
    document = measured(tmp_path, World(per=8000 * MIB))
    assert document["max_batch_size"] is None
    assert document["best_batch_size"] is None
    assert document["throughput"] == []
    assert document["reason"].startswith("Not even one example fits: CUDA out of memory")
    assert document["advice"]
    assert set(document["rates"]), "the rates are measured all the same"


def test_nothing_fits_because_it_is_killed(tmp_path: Path) -> None:
    document = measured(tmp_path, World(per=8000 * MIB, above="sigkill"))
    assert document["max_batch_size"] is None
    assert "SIGKILL" in document["reason"]


def test_a_device_that_vanishes_is_an_error_and_not_a_small_batch(tmp_path: Path) -> None:
    world = World(kind="cuda", vanishes_after=4, count=str(tmp_path / "count"))
    with opened(around(tmp_path, world), 0.1) as machine, pytest.raises(DeviceError) as caught:
        measure(machine, QUICK)
    assert caught.value.what == "The device cuda:0 failed in training with a batch of 8, which it had managed before."
    assert "busy or unavailable" in caught.value.why


def test_a_device_that_fails_at_once_is_an_error(tmp_path: Path) -> None:
    world = World(kind="cuda", fails_at="prepare", fault="error", message="no kernel image is available")
    with opened(around(tmp_path, world), 0.1) as machine, pytest.raises(DeviceError) as caught:
        measure(machine, QUICK)
    assert caught.value.what == "The device cuda:0 failed in training with a batch of 1."
    assert caught.value.why == "no kernel image is available."


def test_the_search_ends_in_time_and_says_so(tmp_path: Path) -> None:
    world = World(step_base=0.0, step_per=0.2, free=40_000 * MIB)
    document = measured(tmp_path, world, replace(QUICK, time_limit=10.0))
    assert document["limited_by"] == "time"
    assert 1 <= document["max_batch_size"] < true_largest(world)
    assert document["settings"]["time_limit"] == 10.0


def test_the_curve_is_filled_where_the_search_jumped(tmp_path: Path) -> None:
    """Exploring ends early where steps are long; what time is left goes into the throughput curve."""
    document = measured(tmp_path, World(step_base=0.0, step_per=0.03), replace(QUICK, time_limit=30.0))
    batches = [point["batch"] for point in document["throughput"]]
    assert [batch for batch in batches if batch & (batch - 1) == 0] == [1, 2, 4, 8, 16, 32, 64]


def test_the_decoder_and_the_disk_are_measured(tmp_path: Path) -> None:
    document = measured(tmp_path, World(), decode=lambda: 2.0)
    assert set(document["rates"]) | set(document["absent"]) == set(UNITS)
    assert document["rates"]["audio_decode"]["unit"] == "s/s"
    assert document["rates"]["disk_read"]["median"] > 0
    assert list(tmp_path.iterdir()) == []


def test_what_goes_on_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    measured(tmp_path, World(), say=said.append)
    assert said[0] == "Device: Played device"
    assert said[1] == "Searching the largest batch of 1 s examples …"
    assert said[2].startswith("Largest batch: ")


def test_a_device_that_is_not_there_is_the_error_of_the_choice(tmp_path: Path) -> None:
    with (
        pytest.raises(DeviceError, match=r"The device cuda:9 is not there\."),
        opened(around(tmp_path, World(), "cuda:9"), 0.1),
    ):
        pass


@pytest.mark.parametrize(
    ("world", "what", "fix"),
    [
        (World(fails_at="describe", fault="sigkill"), "could not be started", "raise the memory limit"),
        (World(fails_at="fresh", fault="exit"), "could not be started", "raise the memory limit"),
        (World(fails_at="describe", fault="hang"), "could not be started", "which does not touch the accelerator"),
        (World(fails_at="describe", fault="error", message="driver too old"), "could not be looked at", "sda doctor"),
    ],
)
def test_a_driver_that_dies_or_hangs_is_an_error_with_a_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World, what: str, fix: str
) -> None:
    monkeypatch.setattr(machines, "START_SECONDS", 1.0)
    with pytest.raises(SdaError) as caught, opened(around(tmp_path, world), 0.1):
        pass
    assert what in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("requested", "platform", "nvidia", "amd", "expected"),
    [
        ("auto", "linux", False, False, True),
        ("auto", "linux", True, False, False),
        ("auto", "linux", False, True, False),
        ("cpu", "linux", True, True, True),
        ("cuda:0", "linux", True, False, False),
        ("cpu", "darwin", False, False, False),
        ("auto", "darwin", False, False, False),
    ],
)
def test_children_are_forked_only_where_no_accelerator_is_near(
    monkeypatch: pytest.MonkeyPatch, requested: str, platform: str, nvidia: bool, amd: bool, expected: bool  # noqa: FBT001
) -> None:  # fmt: skip
    driver = NvidiaDriver("580.95", cards_visible=True)
    monkeypatch.setattr(machines, "nvidia_driver", lambda: driver if nvidia else None)
    monkeypatch.setattr(machines, "amd_driver", lambda: AmdDriver(accessible=True) if amd else None)
    assert may_fork(requested, platform) is expected


def test_starting_a_child_that_is_not_forked_is_reckoned_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "may_fork", lambda _: False)
    with opened(around(tmp_path, World(kind="cuda")), 0.1) as machine:
        assert machine.start_seconds > 0
        profile = measure(machine, QUICK)
    assert isinstance(profile, Profile)
    assert profile.max_batch_size is not None


def test_the_environment_of_the_children_is_that_which_was_given(tmp_path: Path) -> None:
    given = {**environ(), "OMP_NUM_THREADS": "3"}
    with opened(Surroundings("auto", tmp_path, given, command=command(World())), 0.1) as machine:
        assert machine.fingerprint["environment"]["OMP_NUM_THREADS"] == "3"
    assert os.environ.get("OMP_NUM_THREADS") != "3"
