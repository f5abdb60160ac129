"""make native-mac and make native-linux, on machines that are faked."""

from pathlib import Path

import pytest

from support.fake_programs import Machine, copy_scripts


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "machine")
    made.give("make")
    made.give("sda", 'echo "fallback=$PYTORCH_ENABLE_MPS_FALLBACK" >> "$HOME/calls"')
    return made


def mac(machine: Machine, version: str = "15.1", processor: str = "arm64", translated: str = "0") -> None:
    machine.give("uname", f"case $1 in -s) echo Darwin;; -m) echo {processor};; esac")
    machine.give("sw_vers", f"echo {version}")
    machine.give("sysctl", f"echo {translated}")


def native(machine: Machine, tmp_path: Path, which: str, **env: str) -> tuple[int, str]:
    ended = machine.run(copy_scripts(tmp_path) / "scripts/native.sh", which, env={"MAKE": "make", **env})
    return ended.returncode, ended.stdout + ended.stderr


def test_a_mac_is_made_ready(machine: Machine, tmp_path: Path) -> None:
    mac(machine)
    status, said = native(machine, tmp_path, "mac")
    assert status == 0, said
    done = [call for call in machine.calls if call.startswith(("make", "sda", "fallback"))]
    assert done == [
        "make --no-print-directory setup",
        "sda doctor",
        "fallback=1",
        "sda benchmark",
        "fallback=1",
    ]
    assert "Ready" in said


def test_what_the_user_exported_stays(machine: Machine, tmp_path: Path) -> None:
    mac(machine)
    native(machine, tmp_path, "mac", PYTORCH_ENABLE_MPS_FALLBACK="0")
    assert "fallback=0" in machine.calls


@pytest.mark.parametrize(
    ("version", "processor", "translated", "word"),
    [
        ("13.6.1", "arm64", "0", "macOS 13.6.1 is too old"),
        ("15.1", "x86_64", "0", "Intel"),
        ("15.1", "x86_64", "1", "Rosetta"),
    ],
)
def test_macs_that_cannot(
    machine: Machine, tmp_path: Path, version: str, processor: str, translated: str, word: str
) -> None:
    mac(machine, version, processor, translated)
    status, said = native(machine, tmp_path, "mac")
    assert status == 1
    assert word in said
    assert "Fix: " in said
    assert not [call for call in machine.calls if call.startswith("make")]


@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
def test_linux_is_made_ready(machine: Machine, tmp_path: Path, processor: str) -> None:
    machine.give("uname", f"case $1 in -s) echo Linux;; -m) echo {processor};; esac")
    status, said = native(machine, tmp_path, "linux")
    assert status == 0, said
    assert "sda benchmark" in machine.calls


@pytest.mark.parametrize(
    ("system", "processor", "which", "fix"),
    [
        ("Linux", "x86_64", "mac", "make native-linux"),
        ("Darwin", "arm64", "linux", "make native-mac"),
        ("Linux", "riscv64", "linux", "another computer"),
        ("Linux", "x86_64", "", "make native-mac or make native-linux"),
    ],
)
def test_the_wrong_door(machine: Machine, tmp_path: Path, system: str, processor: str, which: str, fix: str) -> None:
    machine.give("uname", f"case $1 in -s) echo {system};; -m) echo {processor};; esac")
    status, said = native(machine, tmp_path, which)
    assert status == 1
    assert fix in said.splitlines()[-1]


def test_a_failing_check_ends_it(machine: Machine, tmp_path: Path) -> None:
    machine.give("uname", "case $1 in -s) echo Linux;; -m) echo x86_64;; esac")
    machine.give("sda", "exit 1")
    status, said = native(machine, tmp_path, "linux")
    assert status == 1
    assert "Ready" not in said
    assert "sda benchmark" not in machine.calls
