"""Drivers are found without torch, and containers are recognised."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from small_dataset_audio.hardware.container import in_container
from small_dataset_audio.hardware.drivers import AmdDriver, NvidiaDriver, amd_driver, nvidia_driver

CLOSED = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC version:  gcc 12\n"
)
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (builder@host)\n"


def nothing(_: str) -> None:
    return None


def linux(root: Path, text: str, *nodes: str) -> Path:
    (root / "proc/driver/nvidia").mkdir(parents=True)
    (root / "proc/driver/nvidia/version").write_text(text)
    (root / "dev").mkdir()
    for node in nodes:
        (root / "dev" / node).touch()
    return root


@pytest.mark.parametrize(("text", "version"), [(CLOSED, "535.129.03"), (OPEN, "580.95.05"), ("unknown", None)])
def test_the_kernel_tells_the_version(tmp_path: Path, text: str, version: str | None) -> None:
    root = linux(tmp_path, text, "nvidia0", "nvidiactl")
    assert nvidia_driver(root, nothing) == NvidiaDriver(version, cards_visible=True)


def test_a_driver_without_a_card_in_reach(tmp_path: Path) -> None:
    root = linux(tmp_path, OPEN, "nvidiactl", "nvidia-caps")
    assert nvidia_driver(root, nothing) == NvidiaDriver("580.95.05", cards_visible=False)


def test_no_driver(tmp_path: Path) -> None:
    assert nvidia_driver(tmp_path, nothing) is None


def test_on_windows_the_tool_is_asked(tmp_path: Path) -> None:
    tool = tmp_path / "usr/lib/wsl/lib/nvidia-smi"
    tool.parent.mkdir(parents=True)
    tool.touch()
    asked: list[str] = []

    def ask(program: str) -> tuple[int, str]:
        asked.append(program)
        return 0, "572.16.01\n572.16.01\n"

    assert nvidia_driver(tmp_path, nothing, ask) == NvidiaDriver("572.16.01", cards_visible=True)
    assert asked == [str(tool)]


@pytest.mark.parametrize(
    ("status", "answer", "trouble"),
    [
        (
            9,
            "NVIDIA-SMI has failed because it couldn't communicate with the driver.\nMake sure",
            "NVIDIA-SMI has failed",
        ),
        (0, "no devices were found\n", "no devices were found"),
        (3, "", "it ended with status 3"),
    ],
)
def test_a_driver_that_is_not_loaded(tmp_path: Path, status: int, answer: str, trouble: str) -> None:
    found = nvidia_driver(tmp_path, lambda name: f"/usr/bin/{name}", lambda _: (status, answer))
    assert found is not None
    assert (found.version, found.cards_visible) == (None, False)
    assert (found.trouble or "").startswith(trouble)


def test_the_tool_is_really_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [
        SimpleNamespace(returncode=0, stdout="580.95.05\n", stderr=""),
        SimpleNamespace(returncode=9, stdout="", stderr="driver mismatch"),
        subprocess.TimeoutExpired("nvidia-smi", 10),
        PermissionError(13, "Permission denied"),
    ]

    def run(command: list[str], **_: object) -> Any:  # noqa: ANN401 - stands for a finished process
        assert command[0] == "/usr/bin/nvidia-smi"
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(subprocess, "run", run)
    found = [nvidia_driver(tmp_path, lambda name: f"/usr/bin/{name}") for _ in range(4)]
    assert found[0] == NvidiaDriver("580.95.05", cards_visible=True)
    assert [driver.trouble for driver in found[1:] if driver] == [
        "driver mismatch",
        "it gave no answer in 10 seconds",
        "it cannot be run: Permission denied",
    ]


def test_amd(tmp_path: Path) -> None:
    assert amd_driver(tmp_path) is None
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kfd").touch()
    assert amd_driver(tmp_path) == AmdDriver(accessible=True)
    assert amd_driver(tmp_path, lambda _: False) == AmdDriver(accessible=False)


def test_a_machine_is_no_container(tmp_path: Path) -> None:
    assert not in_container(tmp_path, {})
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/cgroup").write_text("0::/init.scope\n")
    assert not in_container(tmp_path, {"container": ""})


@pytest.mark.parametrize("marker", [".dockerenv", "run/.containerenv"])
def test_containers_are_known_by_a_file(tmp_path: Path, marker: str) -> None:
    (tmp_path / marker).parent.mkdir(exist_ok=True)
    (tmp_path / marker).touch()
    assert in_container(tmp_path, {})


@pytest.mark.parametrize("name", ["container", "KUBERNETES_SERVICE_HOST"])
def test_containers_are_known_by_a_variable(tmp_path: Path, name: str) -> None:
    assert in_container(tmp_path, {name: "x"})


def test_containers_are_known_by_their_group(tmp_path: Path) -> None:
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/cgroup").write_text("4:memory:/docker/abc\n")
    assert in_container(tmp_path, {})
