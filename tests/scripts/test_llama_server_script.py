"""scripts/llama-server.sh on machines that do not exist."""

from pathlib import Path

import pytest

from support.fake_programs import Machine, copy_scripts

VERSION = "0.3.36"
NEEDED = (
    "sh",
    "basename",
    "cat",
    "dirname",
    "find",
    "grep",
    "head",
    "ln",
    "mkdir",
    "mktemp",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sort",
    "tar",
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path, NEEDED)


@pytest.fixture
def repository(machine: Machine) -> Path:
    return copy_scripts(machine.folder)


def give_converter(repository: Path) -> None:
    folder = repository / ".tools" / "llama-server" / "converter"
    folder.mkdir(parents=True)
    (folder / ".version").write_text(f"{VERSION}\n")


def test_where_the_machine_has_a_server_nothing_is_fetched(machine: Machine, repository: Path) -> None:
    machine.give("llama-server")
    machine.give("apt-get", "exit 1")
    give_converter(repository)
    done = machine.run(repository / "scripts" / "llama-server.sh")
    assert (done.returncode, done.stdout, done.stderr, machine.calls) == (0, "", "", [])


def test_a_network_that_is_away_is_told(machine: Machine, repository: Path) -> None:
    machine.give("llama-server")
    machine.give("uv", "echo 'no route' >&2; exit 2")
    done = machine.run(repository / "scripts" / "llama-server.sh")
    assert done.returncode == 1
    assert "Error: the source of llama-cpp-python could not be fetched." in done.stderr
    assert "Fix: run this again with a network." in done.stderr
    [call] = machine.calls
    assert "--no-deps" in call
    assert "--requirement" in call


def test_a_server_that_cannot_be_had_is_told(machine: Machine, repository: Path) -> None:
    machine.give(
        "apt-get", "[ \"$1\" = indextargets ] || { echo 'no route' >&2; exit 100; }; echo main mirror:/debian/"
    )
    give_converter(repository)
    done = machine.run(repository / "scripts" / "llama-server.sh")
    assert done.returncode == 1
    assert "Error: llama-server c" in done.stderr  # could not be fetched; or, on another system, cannot be put here
    assert "Fix: " in done.stderr
    assert not (repository / ".tools" / "llama-server" / "llama-server").exists()
    assert all("--download-only" in call or "install" not in call.split() for call in machine.calls)
