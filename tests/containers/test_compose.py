"""The services, as a user starts them."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.containers import NAME, ROOT, USUAL_USER, Volume, compose_project, docker

pytestmark = pytest.mark.timeout(2700)


@pytest.fixture(autouse=True)
def _service(only: Callable[[str], None]) -> None:
    only("cpu")  # the service that is started


SERVICES = ("sda-cpu", "sda-cuda", "sda-rocm", "sda-dev")


def has_nvidia() -> bool:
    facts = docker("info", "--format", "{{json .}}").out
    return '"nvidia"' in facts or "nvidia.com/gpu" in facts


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_closed(service: str) -> None:
    settings = {"SDA_UID": "1234", "SDA_GID": "2345", "SDA_MEMORY": "3g", "SDA_PIDS": "99", "SDA_CPUS": "1.5"}
    document = json.loads(docker("compose", "config", "--format", "json", service, env=settings).out)
    one = document["services"][service]
    assert one["user"] == "1234:2345"
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert int(one["mem_limit"]) == 3 * 2**30
    assert one["pids_limit"] == 99
    assert float(one["cpus"]) == 1.5
    assert one["stop_grace_period"] == "2m0s"
    if service == "sda-dev":
        assert one["build"]["target"] == "dev"
        return
    assert one["read_only"] is True
    mounts = {mount["target"]: mount for mount in one["volumes"]}
    assert set(mounts) == {"/data", "/data/datasets"}
    assert mounts["/data/datasets"]["read_only"] is True
    if service == "sda-cuda":
        [device] = one["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]
    if service == "sda-rocm":
        assert {device["source"] for device in one["devices"]} == {"/dev/kfd", "/dev/dri"}
        assert len(one["group_add"]) == 2


def test_up_from_an_empty_library_to_the_first_track_and_to_the_end(
    music: Callable[..., Volume], figures: list[str]
) -> None:
    volume = music(6)
    with compose_project(ROOT, volume.path) as (_, env):
        began = time.monotonic()
        first = None
        lines = []
        with subprocess.Popen(
            ["docker", "compose", "up", "--no-build", "--no-color", "sda-cpu"],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as up:
            assert up.stdout is not None
            for line in up.stdout:
                lines.append(line)
                if first is None and "[1/6]" in line:
                    first = time.monotonic() - began
        assert up.returncode == 0, "".join(lines)
        whole = time.monotonic() - began
        assert first is not None
        assert "6 tracks done" in "".join(lines)
        again = docker("compose", "up", "--no-build", "--no-color", "sda-cpu", env=env)
        figures.append(
            f"docker compose up sda-cpu, six short recordings: first track done after {first:.1f} s, exit after {whole:.1f} s;"
            f" again, with nothing left to do: {again.seconds:.1f} s"
        )
        assert "6 had nothing left to do" in again.log
    assert volume.owners() == {USUAL_USER}


def test_up_after_a_stop_goes_on(music: Callable[..., Volume]) -> None:
    volume = music(16, seconds=20)
    with compose_project(ROOT, volume.path) as (_, env):
        docker("compose", "up", "--no-build", "--detach", "sda-cpu", env=env)
        until = time.monotonic() + 1200
        while "[1/16]" not in docker("compose", "logs", "sda-cpu", env=env).log:
            assert time.monotonic() < until
            time.sleep(0.3)
        docker("compose", "stop", "sda-cpu", env=env)
        ended = docker("compose", "up", "--no-build", "--no-color", "sda-cpu", env=env)
        assert re.search(r"\d+ had nothing left to do", ended.log), ended.log
    assert len(list(volume.path.glob("library/*/*.INFO"))) == 16


def test_a_bare_up_on_a_fresh_clone(volume: Volume) -> None:
    clone = volume.path.parent
    shutil.copy(ROOT / "docker-compose.yml", clone)
    with compose_project(clone, Path("./data")) as (_, env):
        del env["SDA_DATA"]
        place = ("--file", clone / "docker-compose.yml")
        ended = docker("compose", *place, "up", "--no-build", "--no-color", env=env)
        names = docker("compose", *place, "ps", "--all", "--services", env=env).out.split()
    assert names == ["sda-cpu"], "GPUs and tools of development are asked for by name"
    assert "./data/datasets" in ended.log
    assert "Put music into" in ended.log
    assert volume.owners() == {USUAL_USER}


def test_a_missing_data_folder_is_named_and_not_made_by_root(tmp_path: Path, image: str) -> None:
    with compose_project(ROOT, tmp_path / "data") as (_, env):
        ended = docker("compose", "up", "--no-build", "sda-cpu", check=False, env=env)
    assert ended.status != 0
    assert str(tmp_path / "data") in ended.log
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif("has_nvidia()", reason="this engine has the NVIDIA toolkit")
def test_cuda_without_the_toolkit_says_what_the_documents_say(built: Callable[[str], str], volume: Volume) -> None:
    built("cuda")
    with compose_project(ROOT, volume.path) as (_, env):
        ended = docker("compose", "up", "--no-build", "sda-cuda", check=False, env=env)
    assert ended.status != 0
    message = 'could not select device driver "nvidia" with capabilities: [[gpu]]'
    assert message in ended.log
    for place in ("docker-compose.yml", "docs/containers.md", "scripts/preflight.sh"):
        text = " ".join((ROOT / place).read_text().replace("\\", "").replace("#", " ").split())
        assert message in text, f"{place} explains what Docker says"


def test_a_command_of_sda(volume: Volume) -> None:
    with compose_project(ROOT, volume.path) as (_, env):
        ended = docker("compose", "run", "--rm", "sda-cpu", "config", "get", "paths.library", env=env)
    assert ended.out.strip() == "/data/library"


def test_images_are_named_as_the_services_name_them() -> None:
    document = json.loads(
        docker("compose", "--profile", "*", "config", "--format", "json", env={"SDA_IMAGE": NAME}).out
    )
    assert {one["image"] for one in document["services"].values()} == {
        f"{NAME}:{kind}" for kind in ("cpu", "cuda", "rocm", "dev")
    }
