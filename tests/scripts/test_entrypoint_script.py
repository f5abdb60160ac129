"""scripts/entrypoint.sh without a container: every branch, with a faked sda."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.fake_programs import ROOT, Machine, let_strangers_in

SCRIPT = ROOT / "scripts/entrypoint.sh"
STRANGER = 4321

SDA = """
case "$1 $2 $3" in
"--quiet config set") for last; do :; done; echo "$4 = $5" >> "$last";;
"doctor --json "*) [ -z "$SLOW" ] || exec sleep "$SLOW"; echo '{{"checks": [{{"status": "{status}"}}]}}'; exit {healthy};;
"doctor  "*) echo "text of the doctor";;
"benchmark  "*) echo "figures of the benchmark"; exit {benchmark};;
*) echo "result of $*"; exit {result};;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "machine")
    data = tmp_path / "data"
    data.mkdir()
    (data / "datasets").mkdir()
    for name in ("datasets", "models", "generated", "library", "reports", "cache"):
        made.variables[f"SDA_PATHS_{name.upper()}"] = str(data / name)
    made.variables["SDA_CONFIG"] = str(data / "config.toml")
    made.give("mountpoint")
    with_sda(made)
    return made


def with_sda(machine: Machine, status: str = "ok", healthy: int = 0, benchmark: int = 0, result: int = 0) -> None:
    machine.give("sda", SDA.format(status=status, healthy=healthy, benchmark=benchmark, result=result))


def start(machine: Machine, *words: str, user: int | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return machine.run("sh", SCRIPT, *words, user=user, env=env)


def steps(machine: Machine) -> list[str]:
    return [call for call in machine.calls if call.startswith("sda")]


def assert_told(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ended.returncode == 1, ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert lines[-3].startswith("Error: "), lines
    assert lines[-2].startswith("  Why: "), lines
    assert lines[-1].startswith("  Fix: "), lines
    for word in words:
        assert word in lines[-1], lines


def test_the_first_start_writes_settings_and_checks_everything(machine: Machine, tmp_path: Path) -> None:
    ended = start(machine, HOST_DATASETS="./music")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "result of run\n", "stdout is the command's own"
    assert (tmp_path / "data/config.toml").read_text().splitlines()[0] == "paths.datasets = datasets"
    assert steps(machine)[6:] == ["sda doctor --json", "sda benchmark", "sda run"]
    assert (tmp_path / "data/reports/doctor.json").exists()
    assert "./music" in ended.stderr
    assert not list((tmp_path / "data").rglob(".*"))


def test_that_there_is_no_music_is_said_at_once(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "data/datasets/README.md").touch()
    ended = start(machine, HOST_DATASETS="./music")
    assert ended.returncode == 0
    said = ended.stderr
    assert said.index("There are no recordings yet: put them into ./music") < said.index("Settings written")
    assert said.splitlines()[-1] == f"On your computer, {tmp_path}/data/datasets is ./music, and /data is ./data."
    assert "no recordings" not in start(machine, "demo").stderr
    (tmp_path / "data/datasets/Album").mkdir()
    assert "no recordings" not in start(machine).stderr


def test_the_second_start_keeps_the_settings(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "data/config.toml").write_text("mine")
    start(machine)
    assert (tmp_path / "data/config.toml").read_text() == "mine"
    assert steps(machine) == ["sda doctor --json", "sda benchmark", "sda run"]


def test_warnings_are_shown_and_do_not_stop(machine: Machine) -> None:
    with_sda(machine, status="warn")
    ended = start(machine)
    assert "text of the doctor" in ended.stderr
    assert "sda benchmark" in steps(machine)


def test_after_a_failed_check_the_command_decides(machine: Machine) -> None:
    with_sda(machine, status="fail", healthy=1, result=7)
    ended = start(machine, "config", "set", "a.b", "c")
    assert ended.returncode == 7
    assert "text of the doctor" in ended.stderr
    assert "sda benchmark" not in steps(machine)
    assert ended.stdout == "result of config set a.b c\n"


def test_a_failed_benchmark_is_no_reason_to_stop(machine: Machine) -> None:
    with_sda(machine, benchmark=1)
    ended = start(machine)
    assert ended.returncode == 0
    assert "sda benchmark --force" in ended.stderr


@pytest.mark.parametrize(
    ("value", "called"),
    [("", "sda benchmark"), ("full", "sda benchmark"), ("quick", "sda benchmark --quick"), ("off", None)],
)
def test_how_much_of_the_benchmark(machine: Machine, value: str, called: str | None) -> None:
    start(machine, SDA_BENCHMARK=value)
    assert [step for step in steps(machine) if step.startswith("sda benchmark")] == ([called] if called else [])


def test_the_figures_of_the_benchmark_are_shown_when_they_are_new(machine: Machine, tmp_path: Path) -> None:
    assert "figures of the benchmark" in start(machine).stderr
    (tmp_path / "data/reports/benchmark.json").touch()
    again = start(machine)
    assert "figures of the benchmark" not in again.stdout + again.stderr


def test_a_benchmark_that_there_is_not(machine: Machine) -> None:
    assert_told(start(machine, SDA_BENCHMARK="some"), "SDA_BENCHMARK")


@pytest.mark.parametrize(
    ("words", "called"),
    [
        ([], "result of run\n"),
        (["sda", "run"], "result of run\n"),
        (["run", "--dry-run"], "result of run --dry-run\n"),
        (["--version"], "result of --version\n"),
        (["export", "webdataset"], "result of export webdataset\n"),
        (["echo", "other"], "other\n"),
    ],
)
def test_which_command_is_meant(machine: Machine, words: list[str], called: str) -> None:
    assert start(machine, *words).stdout == called


def test_nothing_mounted_is_noted(machine: Machine) -> None:
    machine.give("mountpoint", "exit 1")
    assert "--volume" in start(machine).stderr


def test_a_read_only_volume(machine: Machine) -> None:
    machine.give("mkdir", 'echo "mkdir: cannot create directory: Read-only file system" >&2; exit 1')
    assert_told(start(machine), "read_only")
    machine.give("mountpoint", "exit 1")
    assert_told(start(machine), "--volume", "SDA_DATA")


@pytest.mark.parametrize(
    ("owner", "words"), [("0", ["sudo chown", "SDA_UID=0"]), ("4321", ["SDA_UID=4321", "SDA_GID=4321"])]
)
def test_a_volume_of_another_user(machine: Machine, owner: str, words: list[str]) -> None:
    machine.give("mkdir", 'echo "mkdir: cannot create directory: Permission denied" >&2; exit 1')
    machine.give("stat", f"echo {owner}")
    machine.give("id", "echo 1000")
    assert_told(start(machine), *words)


def test_a_volume_of_ones_own_that_the_system_forbids(machine: Machine) -> None:
    machine.give("mkdir", 'echo "mkdir: cannot create directory: Permission denied" >&2; exit 1')
    machine.give("stat", "echo 1000")
    machine.give("id", "echo 1000")
    assert_told(start(machine), ":z", "SDA_DATA")


@pytest.mark.parametrize(
    ("reason", "word"), [("No space left on device", "SDA_DATA"), ("Input/output error", "SDA_DATA")]
)
def test_other_troubles_of_a_volume(machine: Machine, reason: str, word: str) -> None:
    machine.give("mkdir", f'echo "mkdir: cannot create directory: {reason}" >&2; exit 1')
    assert_told(start(machine), word)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_really_another_user(machine: Machine, tmp_path: Path) -> None:
    let_strangers_in(tmp_path)
    machine.variables["HOME"] = "/nonexistent"
    (tmp_path / "machine/calls").touch(mode=0o666)
    (tmp_path / "machine/calls").chmod(0o666)
    assert_told(start(machine, user=STRANGER), "chown", f"{STRANGER}:{STRANGER}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_recordings_that_may_not_be_read(machine: Machine, tmp_path: Path) -> None:
    let_strangers_in(tmp_path)
    (tmp_path / "machine/calls").touch(mode=0o666)
    (tmp_path / "machine/calls").chmod(0o666)
    for name in ("models", "generated", "library", "reports", "cache"):
        (tmp_path / "data" / name).mkdir()
        os.chown(tmp_path / "data" / name, STRANGER, STRANGER)
    os.chown(tmp_path / "data", STRANGER, STRANGER)
    (tmp_path / "data/datasets").chmod(0o700)
    assert_told(start(machine, user=STRANGER), "a+rX", "SDA_UID=0")


def test_no_folder_for_recordings(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_told(start(machine, SDA_PATHS_DATASETS=f"{tmp_path}/file/datasets"), "SDA_PATHS_DATASETS")


@pytest.mark.skipif(os.geteuid() != 0, reason="only for root")
def test_root_is_told_whose_the_files_will_be(machine: Machine, tmp_path: Path) -> None:
    machine.give("grep", 'case "$*" in *uid_map) exit 0;; esac; exit 1')
    assert "SDA_UID" in start(machine).stderr
    machine.give("grep", "exit 1")
    assert "SDA_UID" not in start(machine).stderr, "root of a container without root is nobody special"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_end_the_checks_at_once(machine: Machine, tmp_path: Path, number: int, status: int) -> None:
    process = subprocess.Popen(
        ["sh", SCRIPT],
        env={"PATH": str(machine.programs), "HOME": str(machine.folder), "SLOW": "30", **machine.variables},
        stderr=subprocess.PIPE,
        text=True,
    )
    while "sda doctor --json" not in machine.calls:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == status
    assert "sda benchmark" not in machine.calls
