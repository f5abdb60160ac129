"""``sda benchmark``, on played devices in this process and on the real one as a process."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
import typer

from small_dataset_audio.cli import benchmark as command_module
from small_dataset_audio.cli.app import root
from small_dataset_audio.cli.benchmark import benchmark
from small_dataset_audio.config.load import load_settings
from small_dataset_audio.errors import ConfigError, SdaError, StoreError, UsageError
from small_dataset_audio.hardware.benchmark import machine as machines
from small_dataset_audio.hardware.benchmark.machine import Surroundings
from support.benchmark_child import MIB, World, command, environ
from support.documents import document_of
from support.processes import PATIENCE, started, wait_until
from support.processes import sda as real_sda

REPORT = Path("data/reports/benchmark.json")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SDA_")]:
        monkeypatch.delenv(name)


def play(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Let ``sda benchmark`` find this device instead of the real one."""
    real = command_module.surroundings

    def played(*arguments: Any) -> Surroundings:  # noqa: ANN401 - those of the real one
        around = real(*arguments)
        return Surroundings(
            around.device, around.data, environ(), around.limit_bytes, lambda: 1.0, around.say, command(world)
        )

    monkeypatch.setattr(command_module, "surroundings", played)
    monkeypatch.setattr(machines, "may_fork", lambda _: True)


def sda(*words: str) -> int:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(root)
    app.command("benchmark")(benchmark)
    status = app(args=[*words], standalone_mode=False, prog_name="sda")
    return status if isinstance(status, int) else 0


def stored() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(REPORT.read_text())
    return document


def test_everything_is_shown_and_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    play(monkeypatch, World(kind="cuda"))
    assert sda("benchmark", "--quick") == 0
    shown = capsys.readouterr()
    document = stored()
    largest, best = document["max_batch_size"], document["best_batch_size"]
    for piece in (
        f"Largest batch: {largest} examples of 1 s (one step larger does not fit).",
        f"Best batch: {best}, the smallest with nearly the best throughput",
        "s of audio per second, by batch",
        f"{largest} largest",
        "matrix product, bfloat16",
        "Page with the curves: ",
    ):
        assert piece in shown.out
    for piece in ("Device: Played device", "There is no profile of this machine yet.", "Settings written: [hardware]"):
        assert piece in shown.err
    assert Path("data/reports/benchmark.html").read_text().startswith("<!doctype html>")
    hardware = load_settings().settings.hardware
    assert (hardware.max_batch_size, hardware.best_batch_size) == (largest, best)
    assert hardware.memory_limit_gb == 3.51
    assert sorted(path.name for path in REPORT.parent.iterdir()) == ["benchmark.html", "benchmark.json"]


def test_json_is_one_document_of_the_stated_shape(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, World())
    assert sda("benchmark", "--quick", "--json") == 0
    assert document_of("sda benchmark", capsys.readouterr().out) == stored()


def test_a_known_machine_is_checked_and_not_measured_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, World(kind="cuda"))
    sda("benchmark", "--quick")
    first, config = stored(), Path("config.toml").read_text()
    capsys.readouterr()
    assert sda("benchmark", "--quick") == 0
    shown = capsys.readouterr()
    assert "This machine is known. A batch of" in shown.out
    assert "as before." in shown.out
    assert "Searching" not in shown.err
    second = stored()
    assert {**second, "verified": None} == first
    assert second["verified"]["ok"]
    assert Path("config.toml").read_text() == config


def test_a_slower_machine_is_a_warning(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    play(monkeypatch, World(kind="cuda"))
    sda("benchmark", "--quick")
    play(monkeypatch, World(kind="cuda", step_per=0.004))
    capsys.readouterr()
    assert sda("benchmark", "--quick") == 0
    assert "Warning: This machine is known." in capsys.readouterr().err
    assert stored()["verified"]["differs"]


def test_a_machine_with_less_memory_is_measured_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, World(kind="cuda"))
    sda("benchmark", "--quick")
    first = stored()
    play(monkeypatch, World(kind="cuda", free=2000 * MIB))
    capsys.readouterr()
    assert sda("benchmark", "--quick") == 0
    err = capsys.readouterr().err
    assert "no longer fits: CUDA out of memory. Tried to allocate 2.00 MiB. Everything" in err, err
    assert stored()["max_batch_size"] < first["max_batch_size"]
    assert stored()["verified"] is None
    assert load_settings().settings.hardware.max_batch_size == stored()["max_batch_size"], err
    assert load_settings().settings.hardware.memory_limit_gb == 1.75


def test_force_measures_everything_again(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    play(monkeypatch, World())
    sda("benchmark", "--quick")
    capsys.readouterr()
    assert sda("benchmark", "--quick", "--force", "all") == 0  # `sda` itself writes out a bare --force
    assert "as you asked" in capsys.readouterr().err
    assert stored()["verified"] is None


def test_a_damaged_profile_is_a_warning_and_is_replaced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, World())
    REPORT.parent.mkdir(parents=True)
    REPORT.write_text("{")
    assert sda("benchmark", "--quick") == 0
    assert "benchmark.json is damaged." in capsys.readouterr().err
    assert stored()["max_batch_size"]


def test_a_limit_that_the_user_set_is_kept_and_used(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, World(kind="cuda"))
    Path("config.toml").write_text("[hardware]\nmemory_limit_gb = 1.5\n")
    assert sda("benchmark", "--quick") == 0
    assert stored()["memory"]["budget_bytes"] == int(1.5 * 2**30)
    assert load_settings().settings.hardware.memory_limit_gb == 1.5
    assert "memory_limit_gb = 1.5\n" in Path("config.toml").read_text()


def test_a_limit_that_the_benchmark_wrote_does_not_narrow_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, World(kind="cuda", free=2000 * MIB))
    sda("benchmark", "--quick")
    play(monkeypatch, World(kind="cuda"))
    sda("benchmark", "--quick", "--force", "all")
    assert load_settings().settings.hardware.memory_limit_gb == 3.51


def test_nothing_fits_is_a_failure_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, World(per=8000 * MIB))
    assert sda("benchmark", "--quick") == 1
    assert "Not even one example fits: CUDA out of memory" in capsys.readouterr().out
    assert load_settings().settings.hardware.max_batch_size is None


def test_settings_that_cannot_be_written_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, World())

    def refused(*_: object) -> None:
        raise ConfigError("config.toml cannot be written.", "It is read-only.", "Make it writable.")

    monkeypatch.setattr("small_dataset_audio.config.save.set_value", refused)
    assert sda("benchmark", "--quick") == 0
    assert "Warning: config.toml cannot be written. It is read-only. The results are" in capsys.readouterr().err


def test_reports_that_cannot_be_written_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, World())
    monkeypatch.setattr("small_dataset_audio.cli.session.Session.check_environment", lambda _: None)
    Path("data").write_text("in the way")
    with pytest.raises(StoreError):
        sda("benchmark", "--quick")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--max-batch", "0"), "--max-batch 0 is not possible."),
        (("--precision", "fp8"), "--precision fp8 is not possible."),
        (("--workload", "transformer"), "There is no workload named 'transformer'."),
        (("--seconds", "0"), "--seconds 0.0 is not possible."),
    ],
)
def test_wrong_options_are_wrong_usage(words: tuple[str, ...], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        sda("benchmark", *words)
    assert caught.value.what == what
    assert not Path("data").exists()


def test_options_reach_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, World())
    words = [
        "--seconds",
        "0.5",
        "--channels",
        "2",
        "--precision",
        "bf16",
        "--max-batch",
        "7",
        "--headroom",
        "0.2",
        "--time-limit",
        "9",
    ]
    assert sda("benchmark", "--quick", *words) == 0
    settings = stored()["settings"]
    assert settings == {
        "workload": "autoencoder", "seconds": 0.5, "channels": 2, "precision": "bf16", "max_batch": 7,
        "headroom": 0.2, "quick": True, "time_limit": 9.0, "rate": 48000,
    }  # fmt: skip
    assert stored()["max_batch_size"] == 7


def test_a_device_that_is_named_and_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, World())
    with pytest.raises(SdaError) as caught:
        sda("--device", "cuda:9", "benchmark", "--quick")
    assert caught.value.what == "The device cuda:9 is not there."
    assert not REPORT.exists()


# The real thing: torch, real children, real memory.

REAL = ("--device", "cpu", "benchmark", "--quick", "--json")
SMALL = ["--seconds", "0.02", "--max-batch", "6", "--time-limit", "3"]


def carrying(mark: str) -> list[int]:
    """Return the processes that have the variable MARK with this value."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MARK") == mark:
                found.append(process.pid)
        except psutil.Error:  # another user's, or gone by now
            continue
    return found


@pytest.mark.process
def test_the_real_command_on_the_cpu(tmp_path: Path) -> None:
    mark = str(tmp_path)
    done = real_sda(*REAL, *SMALL, cwd=tmp_path, env={"MARK": mark}, limit=PATIENCE)
    assert done.status == 0, done.err
    assert carrying(mark) == [], "no child is left, and so no memory"
    document = document_of("sda benchmark", done.out)
    assert document["max_batch_size"] >= 1
    assert document["limited_by"] in {"ceiling", "time"}
    assert all(probe["ended"] == "ok" for probe in document["probes"])
    assert document["rates"]["audio_decode"]["median"] > 1
    assert document["memory"]["process_bytes"] < 300 * MIB, "torch must stay out of the process that leads"


@pytest.mark.process
def test_ctrl_c_ends_the_children_and_leaves_nothing(tmp_path: Path) -> None:
    with started(*REAL, "--max-batch", "4096", cwd=tmp_path) as process:
        wait_until(psutil.Process(process.pid).children, "nothing was started")
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive
    assert not (tmp_path / "data/reports/benchmark.json").exists()
