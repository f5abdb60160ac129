"""The container tests as a part of CI: machines that cannot run them pass, loudly; a test that fails does not."""

from pathlib import Path

import pytest

from support.fake_programs import USUAL, Machine, copy_scripts

DOCKER = """
case "$1 $2" in
"version "*) {answers} || exit 1; [ $# -eq 1 ] || echo {engine};;
"info --format") {answers} || exit 1; echo "$HOME";;
"image inspect") exit {bases};;
"pull --quiet") exit 1;;
"image ls") echo 0123456789ab;;
esac
"""
ROOM = 'echo head; echo "disk 9 9 {kilobytes} 9 /"'


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "machine", real=(*USUAL, "bash", "sort", "xargs", "tee"))
    made.give("id", "echo 0")
    made.give("uname", "echo Linux")
    made.give("df", ROOM.format(kilobytes=60_000_000))
    made.give("python", "exit 0")
    with_docker(made)
    return made


def with_docker(machine: Machine, *, answers: bool = True, bases: bool = True, engine: str = "28.5.2") -> None:
    machine.give("docker", DOCKER.format(answers=str(answers).lower(), bases=int(not bases), engine=engine))


def ci(machine: Machine, tmp_path: Path, **env: str) -> tuple[int, str]:
    script = copy_scripts(tmp_path) / "scripts/ci-containers.sh"
    (tmp_path / "repository/Dockerfile.cpu").write_text("ARG PYTHON_IMAGE=python:3\nARG UV_IMAGE=uv:1\n")
    variables = {"PYTHON": "python", "ENGINE_FOLDER": f"{tmp_path}/engine", "WORK": f"{tmp_path}/work", **env}
    ended = machine.run(script, env=variables)
    return ended.returncode, ended.stdout + ended.stderr


def were_run(machine: Machine) -> bool:
    return "python -m pytest -q tests/containers" in machine.calls


def assert_skipped(machine: Machine, status: int, said: str, word: str) -> None:
    assert status == 0, said
    assert not were_run(machine)
    loud = said[said.index("**********") :]
    assert "THE CONTAINER TESTS WERE NOT RUN: " in loud
    assert word in said


def test_where_an_engine_answers_the_tests_run_and_their_images_go(machine: Machine, tmp_path: Path) -> None:
    status, said = ci(machine, tmp_path)
    assert status == 0, said
    assert were_run(machine)
    assert machine.calls[-1] == "docker image rm --force 0123456789ab"


def test_a_test_that_fails_is_a_failure(machine: Machine, tmp_path: Path) -> None:
    machine.give("python", "exit 1")
    status, said = ci(machine, tmp_path)
    assert status == 1, said
    assert machine.calls[-1] == "docker image rm --force 0123456789ab"


def test_little_room(machine: Machine, tmp_path: Path) -> None:
    machine.give("df", ROOM.format(kilobytes=29_000_000))
    assert_skipped(machine, *ci(machine, tmp_path), "only 29 GB")


def test_nobody_but_root_gets_an_engine_unasked(machine: Machine, tmp_path: Path) -> None:
    with_docker(machine, answers=False)
    machine.give("id", "echo 1000")
    machine.give("sudo", "exit 0")
    assert_skipped(machine, *ci(machine, tmp_path), "only root")
    assert not [call for call in machine.calls if call.startswith("sudo")]


def test_an_engine_of_ones_own_needs_no_root(machine: Machine, tmp_path: Path) -> None:
    machine.give("id", "echo 1000")
    assert ci(machine, tmp_path)[0] == 0
    assert were_run(machine)


def test_no_docker_and_no_debian(machine: Machine, tmp_path: Path) -> None:
    (machine.programs / "docker").unlink()
    assert_skipped(machine, *ci(machine, tmp_path), "Debian's packages only")


def test_an_old_engine_is_left_alone(machine: Machine, tmp_path: Path) -> None:
    with_docker(machine, engine="20.10.24")
    assert_skipped(machine, *ci(machine, tmp_path), "older than 23")
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_an_engine_that_cannot_be_fetched(machine: Machine, tmp_path: Path) -> None:
    with_docker(machine, answers=False)
    machine.give("apt-get", "echo no network >&2; exit 100")
    machine.give("cat", "echo deb http://deb.example/debian stable main")
    assert_skipped(machine, *ci(machine, tmp_path), "fetch an engine")


def test_base_images_that_cannot_be_had(machine: Machine, tmp_path: Path) -> None:
    with_docker(machine, bases=False)
    machine.give("cat", "echo deb http://deb.example/debian stable main")
    machine.give("debootstrap", "exit 1")
    machine.give("sudo", "exit 1")
    assert_skipped(machine, *ci(machine, tmp_path), "stand-in for python:3")
