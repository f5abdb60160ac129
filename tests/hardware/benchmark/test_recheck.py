"""A known machine is not measured again: one point is run, and what differs is told."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from small_dataset_audio.hardware.benchmark.machine import Opened, Surroundings, opened
from small_dataset_audio.hardware.benchmark.measure import measure
from small_dataset_audio.hardware.benchmark.profile import Profile
from small_dataset_audio.hardware.benchmark.recheck import Recheck, recheck, why_measure
from small_dataset_audio.hardware.benchmark.schema import PROFILE_SCHEMA
from small_dataset_audio.hardware.benchmark.setup import Setup
from support.benchmark_child import World, command, environ

QUICK = Setup(quick=True)
WORLD = World(kind="cuda")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    with opened(around(tmp_path_factory.mktemp("data"), WORLD), 0.1) as machine:
        return measure(machine, QUICK)


def around(folder: Path, world: World) -> Surroundings:
    return Surroundings("auto", folder, environ(), command=command(world))


def checked(folder: Path, profile: Profile, **changed: Any) -> Recheck:  # noqa: ANN401 - parts of a world
    with opened(around(folder, World(**{"kind": "cuda", **changed})), 0.1) as machine:
        return recheck(machine, QUICK, profile)


def test_the_same_machine_is_only_checked(tmp_path: Path, stored: Profile) -> None:
    with opened(around(tmp_path, WORLD), 0.1) as machine:
        assert why_measure(stored, machine, QUICK) is None
        found = recheck(machine, QUICK, stored)
    assert found.ok
    assert not found.differs
    assert found.batch == stored.max_batch_size
    assert found.sentence.endswith("s of audio per second, as before.")
    jsonschema.validate(stored.with_verified(found.as_dict()).document, PROFILE_SCHEMA)


@pytest.mark.parametrize(("step", "word"), [(0.002, "slower"), (0.0005, "faster")])
def test_a_throughput_outside_the_spread_is_told(tmp_path: Path, stored: Profile, step: float, word: str) -> None:
    found = checked(tmp_path, stored, step_per=step)
    assert found.ok
    assert found.differs
    assert f"% {word} now" in found.sentence
    assert "sda benchmark --force" in found.sentence


def test_a_throughput_within_the_spread_is_not(tmp_path: Path, stored: Profile) -> None:
    assert not checked(tmp_path, stored, step_per=0.00102).differs


def test_a_batch_that_no_longer_fits_calls_for_a_new_measurement(tmp_path: Path, stored: Profile) -> None:
    found = checked(tmp_path, stored, free=2000 * 2**20)
    assert not found.ok
    assert "no longer fits: CUDA out of memory" in found.sentence
    jsonschema.validate(stored.with_verified(found.as_dict()).document, PROFILE_SCHEMA)


def test_a_batch_that_goes_into_the_headroom_calls_for_it_too(tmp_path: Path, stored: Profile) -> None:
    document = dict(stored.document)
    document["probes"] = [{**probe, "peak_bytes": 10**15} for probe in document["probes"]]
    found = checked(tmp_path, Profile(document))
    assert not found.ok
    assert "only 3.5 GiB may be taken now" in found.sentence


def test_where_the_largest_batch_takes_long_the_best_one_is_run(tmp_path: Path, stored: Profile) -> None:
    document = dict(stored.document)
    slow = {"median": 10.0, "low": 9.0, "high": 11.0, "samples": 3}
    document["throughput"] = [
        {**point, "step_seconds": slow} if point["batch"] == stored.max_batch_size else point
        for point in document["throughput"]
    ]
    assert checked(tmp_path, Profile(document)).batch == stored.best_batch_size


def machine_like(stored: Profile, **changed: object) -> Opened:
    """Return a machine that differs from the stored one in parts of its fingerprint."""
    fingerprint = {**stored.document["fingerprint"], **changed}
    made: Any = object.__new__(Opened)
    object.__setattr__(made, "fingerprint", fingerprint)
    opened_machine: Opened = made
    return opened_machine


def test_every_reason_to_measure_everything_is_a_sentence(stored: Profile) -> None:
    same = machine_like(stored)
    assert why_measure(None, same, QUICK) == "There is no profile of this machine yet."
    changed = machine_like(stored, torch="2.11.0", cores=64, driver="600")
    said = why_measure(stored, changed, QUICK)
    assert said is not None
    assert said.startswith("The machine has changed since it was measured: cores ")
    assert said.endswith(" and 1 more.")
    assert why_measure(stored, machine_like(stored, torch="2.11.0"), QUICK) is not None
    other = "The stored profile was made with other settings."
    assert why_measure(stored, same, Setup()) == other, "a quick profile does not answer a full question"
    assert why_measure(stored, same, Setup(quick=True, precision="bf16")) == other
    nothing = Profile({**stored.document, "max_batch_size": None})
    assert why_measure(nothing, same, QUICK) == "Nothing fitted when this machine was measured."
