"""scripts/preflight.sh: every way in which a machine may not be ready ends in what to do."""

import os
from pathlib import Path

import pytest

from support.fake_programs import Machine, copy_scripts

DOCKER = """
case "$1 $2" in
"version --format") echo {engine};;
"info --format") case $3 in *Root*) echo "$HOME";; *) echo '{{"Runtimes":{{{runtimes}}}}}';; esac;;
"compose version") exit {compose};;
"buildx version") exit {buildx};;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "machine")
    made.give("uname", "echo Linux")
    with_docker(made)
    return made


def with_docker(
    machine: Machine, engine: str = "28.5.2", runtimes: str = "", compose: int = 0, buildx: int = 0
) -> None:
    machine.give("docker", DOCKER.format(engine=engine, runtimes=runtimes, compose=compose, buildx=buildx))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return copy_scripts(tmp_path)


def preflight(machine: Machine, repository: Path, *words: str, **env: str) -> tuple[int, str]:
    ended = machine.run(repository / "scripts/preflight.sh", *words, env=env)
    return ended.returncode, ended.stdout + ended.stderr


def assert_told(status: int, said: str, *words: str) -> None:
    assert status == 1, said
    lines = said.strip().splitlines()
    assert lines[-3].startswith("Error: "), said
    assert lines[-2].startswith("  Why: "), said
    assert lines[-1].startswith("  Fix: "), said
    for word in words:
        assert word in said, said


def test_a_first_user_gets_folders_and_their_own_ids(machine: Machine, repository: Path) -> None:
    status, said = preflight(machine, repository)
    assert status == 0, said
    assert (repository / "data/datasets").is_dir()
    assert f"SDA_UID={os.getuid()}" in (repository / ".env").read_text()
    assert "SDA_RENDER_GID" not in (repository / ".env").read_text()
    assert said.strip().endswith("Ready: docker compose up sda-cpu")


def test_settings_that_are_there_are_kept(machine: Machine, repository: Path, tmp_path: Path) -> None:
    content = f"SDA_UID={os.getuid()}\nSDA_DATA={tmp_path}/elsewhere\n"
    (repository / ".env").write_text(content)
    status, said = preflight(machine, repository)
    assert status == 0, said
    assert (repository / ".env").read_text() == content
    assert (tmp_path / "elsewhere/datasets").is_dir()
    assert not (repository / "data").exists()


def test_the_environment_wins_over_the_file(machine: Machine, repository: Path, tmp_path: Path) -> None:
    (repository / ".env").write_text("SDA_DATA=./no\n")
    status, _ = preflight(machine, repository, SDA_DATA=f"{tmp_path}/yes", SDA_UID=str(os.getuid()))
    assert status == 0
    assert (tmp_path / "yes/datasets").is_dir()


def test_a_folder_of_somebody_else(machine: Machine, repository: Path) -> None:
    (repository / ".env").write_text("SDA_UID=4321\nSDA_GID=4321\n")
    status, said = preflight(machine, repository)
    assert_told(status, said, f"SDA_UID={os.getuid()}")


def test_no_docker(machine: Machine, repository: Path) -> None:
    (machine.programs / "docker").unlink()
    assert_told(*preflight(machine, repository), "Install Docker")


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        ("permission denied while trying to connect to the Docker daemon socket", "usermod -aG docker"),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock", "systemctl start docker"),
    ],
)
def test_an_engine_that_does_not_answer(machine: Machine, repository: Path, answer: str, fix: str) -> None:
    machine.give("docker", f'echo "{answer}" >&2; exit 1')
    assert_told(*preflight(machine, repository), fix)


@pytest.mark.parametrize(
    ("engine", "compose", "buildx", "word"),
    [
        ("20.10.24", 0, 0, "too old"),
        ("28.5.2", 1, 0, "docker-compose"),
        ("28.5.2", 0, 1, "buildx"),
    ],
)
def test_an_engine_that_lacks_something(
    machine: Machine, repository: Path, engine: str, compose: int, buildx: int, word: str
) -> None:
    with_docker(machine, engine=engine, compose=compose, buildx=buildx)
    assert_told(*preflight(machine, repository), word)


@pytest.mark.skipif(Path("/proc/driver/nvidia/version").exists(), reason="this machine has an NVIDIA driver")
def test_cuda_without_a_driver(machine: Machine, repository: Path) -> None:
    assert_told(*preflight(machine, repository, "cuda"), "driver", "make up-cpu")


def test_cuda_on_a_mac(machine: Machine, repository: Path) -> None:
    machine.give("uname", "echo Darwin")
    assert_told(*preflight(machine, repository, "cuda"), "make native-mac")


@pytest.mark.parametrize(("runtimes", "ready"), [("", False), ('\\"nvidia\\":1', True)])
def test_cuda_needs_the_toolkit(machine: Machine, repository: Path, tmp_path: Path, runtimes: str, ready: bool) -> None:  # noqa: FBT001 - a case
    script = repository / "scripts/preflight.sh"
    (tmp_path / "version").touch()
    script.write_text(script.read_text().replace("/proc/driver/nvidia/version", f"{tmp_path}/version"))
    with_docker(machine, runtimes=runtimes.replace("\\", ""))
    status, said = preflight(machine, repository, "cuda")
    if ready:
        assert status == 0, said
    else:
        assert_told(
            status, said, "nvidia-container-toolkit", "nvidia-ctk", "make up-cpu", "could not select device driver"
        )


def with_amd(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "kfd").touch()
    script = repository / "scripts/preflight.sh"
    script.write_text(
        script.read_text().replace("/dev/kfd", f"{tmp_path}/kfd").replace("-d /dev/dri", f"-d {tmp_path}")
    )


def test_rocm_notes_the_numbers_of_the_groups(machine: Machine, repository: Path, tmp_path: Path) -> None:
    with_amd(repository, tmp_path)
    machine.give("getent", 'case $2 in video) echo "video:x:39:";; render) echo "render:x:105:";; esac')
    status, said = preflight(machine, repository, "rocm")
    assert status == 0, said
    assert "SDA_VIDEO_GID=39\nSDA_RENDER_GID=105\n" in (repository / ".env").read_text()
    (repository / ".env").write_text(f"SDA_UID={os.getuid()}\nSDA_VIDEO_GID=39\n")
    assert_told(*preflight(machine, repository, "rocm"), "Set SDA_RENDER_GID=105")


@pytest.mark.skipif(Path("/dev/kfd").exists(), reason="this machine has an AMD GPU")
def test_rocm_without_a_gpu(machine: Machine, repository: Path) -> None:
    assert_told(*preflight(machine, repository, "rocm"), "amdgpu", "make up-cpu")


def test_little_room_is_noted(machine: Machine, repository: Path) -> None:
    machine.give("df", 'echo head; echo "disk 9 9 2000000 9 /"')
    status, said = preflight(machine, repository)
    assert status == 0
    assert "only 2 GB are free" in said


def test_a_kind_that_there_is_not(machine: Machine, repository: Path) -> None:
    assert_told(*preflight(machine, repository, "tpu"), "cpu, cuda and rocm")
