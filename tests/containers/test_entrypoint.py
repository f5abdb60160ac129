"""The entrypoint on real volumes: empty, filled, read-only, somebody else's; users, limits, signals."""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Protocol

import jsonschema
import pytest

from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import list_tracks
from small_dataset_audio.hardware.benchmark.schema import PROFILE_SCHEMA
from small_dataset_audio.validation.schema import DOCTOR_SCHEMA
from support.containers import USUAL_USER, Ended, Volume, docker, state, wait, wait_for

pytestmark = pytest.mark.timeout(2700)

Music = Callable[..., Volume]


class Start(Protocol):
    """The first start of all, as `conftest.first_start` makes it."""

    volume: Volume
    ended: Ended


AS_USUAL = ("--read-only",)
PATIENCE = 300
"""Seconds before an engine kills what does not end by itself: whatever the machine's pace, the exit status tells them apart."""


def assert_healthy(log: str) -> None:
    # That other programs make this machine slower than it was is a truth about the machine, not about sda.
    lines = [line for line in log.splitlines() if "This machine is known." not in line]
    for word in ("warning", "error", "traceback"):
        assert word not in "\n".join(lines).lower(), log


def assert_told(log: str, *words: str) -> None:
    """Assert that the last sentence is a fix that names what to change."""
    lines = [line for line in log.strip().splitlines() if line.strip()]
    assert lines[-3].startswith("Error: "), log
    assert lines[-2].startswith("  Why: "), log
    assert lines[-1].startswith("  Fix: "), log
    for word in words:
        assert word in lines[-1], log
    assert "Traceback" not in log


def assert_whole(volume: Volume, tracks: int) -> None:
    """Assert that the library holds so many finished tracks and nothing half-written."""
    found = list_tracks(volume.path / "library")
    assert len(found) == tracks
    for track in found:
        assert read_info(track.info)["_sda"]["stages"]["analyze"]
    assert_nothing_half_written(volume)


def assert_nothing_half_written(volume: Volume) -> None:
    """Assert that every `.INFO` can be read and that no temporary file is left."""
    for track in list_tracks(volume.path / "library"):
        read_info(track.info)
    leftovers = [
        path for path in volume.path.rglob("*") if path.name.startswith(".") or path.suffix in {".tmp", ".new"}
    ]
    assert not [path for path in leftovers if path.is_file() and "lock" not in path.name], leftovers


def test_the_first_start_on_an_empty_volume(first_start: Start) -> None:
    volume, ended = first_start.volume, first_start.ended
    assert ended.status == 0, ended.log
    assert_healthy(ended.log)
    assert "./data/datasets" in ended.err, "it says where on the host music goes"
    assert "Put music into" in ended.out
    settings = tomllib.loads((volume.path / "config.toml").read_text())
    assert settings["paths"]["library"] == "library", "the settings hold inside and outside of the container"
    report = volume.document("reports/doctor.json")
    jsonschema.validate(report, DOCTOR_SCHEMA)
    assert report["ok"]
    assert volume.owners() == {USUAL_USER}
    assert docker("diff", volume.started[0]).out == "", "nothing outside of the volumes is written"


def test_the_benchmark_is_made_once_and_then_looked_at(first_start: Start, known: Volume) -> None:
    profile = first_start.volume.document("reports/benchmark.json")
    jsonschema.validate(profile, PROFILE_SCHEMA)
    assert profile["max_batch_size"] >= profile["best_batch_size"] >= 1
    assert "</html>" in (first_start.volume.path / "reports/benchmark.html").read_text()
    second = known.run(*AS_USUAL, "--env", "SDA_BENCHMARK=full")
    assert second.status == 0, second.log
    assert_healthy(second.log)
    again = known.document("reports/benchmark.json")
    assert again["fingerprint"] == profile["fingerprint"]
    if "Everything is measured again" not in second.log:  # a busy machine may not reach what it reached before
        assert again["probes"] == profile["probes"], "later starts run one point, and keep the rest"
        assert again["verified"]["ok"]


def test_a_library_is_made_and_then_left_alone(music: Music, figures: list[str]) -> None:
    volume = music(3)
    first = volume.run(*AS_USUAL)
    assert first.status == 0, first.log
    assert_healthy(first.log)
    assert "3 tracks done" in first.out
    assert_whole(volume, 3)
    assert volume.owners() == {USUAL_USER}
    assert docker("diff", volume.started[-1]).out == ""
    written = {path: path.stat().st_mtime_ns for path in volume.path.glob("library/**/*") if path.is_file()}
    second = volume.run(*AS_USUAL)
    assert "3 had nothing left to do" in second.out
    assert written == {path: path.stat().st_mtime_ns for path in volume.path.glob("library/**/*") if path.is_file()}
    figures.append(f"three short tracks, from start to exit: first {first.seconds:.1f} s, again {second.seconds:.1f} s")


def test_without_a_read_only_root_nothing_else_is_written_either(music: Music) -> None:
    volume = music(1)
    assert volume.run().status == 0
    assert docker("diff", volume.started[-1]).out == ""


@pytest.mark.parametrize(
    ("user", "owner", "words"),
    [(USUAL_USER, 0, ["chown", "1000:1000", "SDA_UID=0"]), (USUAL_USER, 4321, ["SDA_UID=4321", "SDA_GID=4321"])],
    ids=["root's", "a stranger's"],
)
def test_a_volume_that_belongs_to_another_user(volume: Volume, user: int, owner: int, words: list[str]) -> None:
    volume.give(owner)
    ended = volume.run(*AS_USUAL, "--user", f"{user}:{user}")
    assert ended.status == 1
    assert_told(ended.err, *words)


def test_a_read_only_volume(volume: Volume) -> None:
    ended = volume.run(*AS_USUAL, "--volume", f"{volume.path}:/data:ro")
    assert ended.status == 1
    assert_told(ended.err, "read_only", ":ro")


def test_recordings_may_be_mounted_read_only(music: Music) -> None:
    volume = music(1)
    ended = volume.run(
        *AS_USUAL, "--volume", f"{volume.path}:/data", "--volume", f"{volume.path}/datasets:/data/datasets:ro"
    )
    assert ended.status == 0, ended.log
    assert_whole(volume, 1)


def test_no_volume_and_no_place_to_write(volume: Volume) -> None:
    ended = volume.run(*AS_USUAL, "--volume", "/unused")
    assert ended.status == 1
    assert_told(ended.err, "/data", "SDA_DATA")


def test_no_volume_at_all_is_noted(volume: Volume) -> None:
    ended = volume.run("--volume", "/unused", command=["--version"])
    assert ended.status == 0
    assert "--volume" in next(line for line in ended.err.splitlines() if line.startswith("Note: "))
    assert re.fullmatch(r"sda \d+\.\d+\.\d+\n", ended.out), "stdout holds what the command prints and nothing else"


def test_recordings_that_may_not_be_read(music: Music) -> None:
    volume = music(1)
    volume.as_root("chown -R 4321 /given/datasets && chmod 700 /given/datasets")
    ended = volume.run(*AS_USUAL)
    assert ended.status == 1
    assert_told(ended.err, "a+rX", "SDA_UID=4321")


def test_a_user_that_the_image_does_not_know(music: Music) -> None:
    volume = music(2)
    volume.give(12345)
    ended = volume.run(*AS_USUAL, "--user", "12345:12345")
    assert ended.status == 0, ended.log
    assert_healthy(ended.log)
    assert_whole(volume, 2)
    assert volume.owners() == {12345}


def test_root_works_and_is_told_of(music: Music) -> None:
    volume = music(1)
    volume.give(0)
    ended = volume.run(*AS_USUAL, "--user", "0:0")
    assert ended.status == 0, ended.log
    assert "SDA_UID" in next(line for line in ended.err.splitlines() if line.startswith("Note: "))
    assert volume.owners() == {0}


@pytest.mark.parametrize("limit", [1, 2])
def test_little_memory_is_reported_and_respected(music: Music, limit: int) -> None:
    volume = music(3)
    ended = volume.run(*AS_USUAL, "--memory", f"{limit}g", "--memory-swap", f"{limit}g")
    ending = state(volume.started[-1])
    assert not ending["OOMKilled"], ended.log
    assert ended.status == 0, ended.log
    assert "3 tracks done" in ended.out
    device = volume.document("reports/doctor.json")["device"]
    assert device["memory"]["limit"] == limit * 2**30
    assert f"{limit}.0" in ended.err, "the log names the limit"


def test_stopping_in_the_middle_and_going_on(music: Music) -> None:
    volume = music(24, seconds=20)
    name = volume.start(*AS_USUAL, "--env", "SDA_PIPELINE_WORKERS=1")
    wait_for(name, "[2/24]")
    docker("stop", "--time", str(PATIENCE), name)
    stopped = wait(name)
    assert stopped.status == 130, f"it was killed, or went on to the end:\n{stopped.log}"
    finished = len(re.findall(r"^\[\d+/24\].*: done", stopped.log, re.MULTILINE))
    assert 2 <= finished < 24, f"what is at work is finished, nothing new is begun:\n{stopped.log}"
    begun = list_tracks(volume.path / "library")
    assert len(begun) - finished in {0, 1}, "one track may be between two stages"
    assert_nothing_half_written(volume)
    ended = volume.run(*AS_USUAL)
    assert ended.status == 0, ended.log
    assert f"{finished} had nothing left to do" in ended.out
    assert_whole(volume, 24)


def test_being_killed_in_the_middle_and_going_on(music: Music) -> None:
    volume = music(24, seconds=20)
    name = volume.start(*AS_USUAL, "--env", "SDA_PIPELINE_WORKERS=1")
    wait_for(name, "[1/24]")
    docker("kill", name)
    wait(name)
    for info in volume.path.glob("library/*/*.INFO"):
        json.loads(info.read_text())
    ended = volume.run(*AS_USUAL)
    assert ended.status == 0, ended.log
    assert_whole(volume, 24)


def test_stopping_while_the_environment_is_checked(volume: Volume) -> None:
    name = volume.start(*AS_USUAL)
    wait_for(name, "Settings written")
    docker("stop", "--time", str(PATIENCE), name)
    assert wait(name).status in {130, 143}, "it ends by itself, and is not killed"
    assert not list(volume.path.glob("reports/.*"))


def test_stdout_belongs_to_the_command(volume: Volume) -> None:
    ended = volume.run(*AS_USUAL, command=["config", "show", "--json"])
    assert ended.status == 0
    origins = json.loads(ended.out)
    assert "/data/library" in json.dumps(origins)


def test_mistaken_settings_can_be_mended_from_inside(volume: Volume) -> None:
    assert volume.run(*AS_USUAL, command=["config", "set", "pipeline.workers", "3"]).status == 0
    config = volume.path / "config.toml"
    volume.give(0, mode="a+rwX")
    config.write_text(config.read_text().replace("workers = 3", "workers = 0"))
    volume.give(USUAL_USER)
    broken = volume.run(*AS_USUAL)
    assert broken.status == 1
    assert "pipeline.workers" in broken.err
    assert volume.run(*AS_USUAL, command=["config", "set", "pipeline.workers", "2"]).status == 0
    assert volume.run(*AS_USUAL).status == 0
