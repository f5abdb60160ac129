from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.schema import schemas
from small_dataset_audio.hardware import device as device_module
from small_dataset_audio.hardware.device import Choice, Device
from small_dataset_audio.hardware.memory import Memory
from small_dataset_audio.validation import doctor
from small_dataset_audio.validation.check import Report, Status
from support.documents import document_of, error_of
from support.processes import sda

MEMORY = Memory(total=2**34, free=2**33, limit=None, limited_by=None)
CPU = Device("cpu", "cpu", "A processor", MEMORY)
BROKEN = Device("cuda:0", "cuda", "A GPU", None, usable=False, reason="It gave wrong numbers.")
CHOICE = Choice(CPU, "the GPU failed", "The GPU is left out.", (BROKEN, CPU))


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def report(status: Status, name: str, group: str = "packages", detail: str | None = None) -> Report:
    return Report(group, name, status, f"{name} {status}.", detail, "Run `sda setup`.", 0.1, critical=False)


def examined(monkeypatch: pytest.MonkeyPatch, reports: Sequence[Report], choice: Choice | None = None) -> None:
    monkeypatch.setattr(doctor, "examine", lambda *_args, **_named: doctor.Examination(list(reports), choice))


MIXED = (
    report("ok", "numpy"),
    report("ok", "av"),
    report("warn", "torch", detail="It is newer than tested."),
    report("ok", "memory", "memory", "By a limit."),
    report("note", "ffmpeg", "tools", "Not needed."),
    report("fail", "library", "folders"),
    report("crash", "cache", "folders"),
)


def test_what_is_well_takes_one_line_a_group_and_troubles_bring_their_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examined(monkeypatch, MIXED, CHOICE)
    assert main(["doctor"]) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "✓ packages: numpy, av",
        "! packages, torch: torch warn.",
        "    It is newer than tested.",
        "    Run `sda setup`.",
        "✓ memory, memory: memory ok.",
        "· tools, ffmpeg: ffmpeg note.",
        "✗ folders, library: library fail.",
        "    Run `sda setup`.",
        "✗ folders, cache: cache crash.",
        "    Run `sda setup`.",
        "7 checks, 2 failed, 1 warning.",
    ]
    assert shown.err.startswith("Device: ")


def test_quiet_shows_troubles_only_and_verbose_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examined(monkeypatch, MIXED, CHOICE)
    assert main(["doctor", "--quiet"]) == 1
    shown = capsys.readouterr()
    assert "numpy" not in shown.out
    assert "ffmpeg" not in shown.out
    assert "torch warn" in shown.out
    assert shown.err == ""
    assert main(["doctor", "-v"]) == 1
    out = capsys.readouterr().out
    assert "✓ packages, numpy: numpy ok." in out
    assert "By a limit." in out


def test_all_is_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    examined(monkeypatch, MIXED[:2])
    assert main(["doctor", "--fast"]) == 0
    assert capsys.readouterr().out == "✓ packages: numpy, av\n2 checks, 0 failed, 0 warnings.\n"


def test_broken_settings_are_a_failed_check_and_not_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text('[general]\nverbosity = "loud"\n')
    assert main(["doctor", "--fast"]) == 1
    out = capsys.readouterr().out
    assert "✗ settings, settings: " in out
    assert "packages" in out
    assert main(["doctor", "--fast", "--json"]) == 1
    document = document_of("sda doctor", capsys.readouterr().out)
    assert document["ok"] is False
    assert document["device"] is None


def test_an_option_that_is_wrong_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--fast", "--device", "toaster", "--json"]) == 2
    assert "toaster" in error_of(capsys.readouterr().out)["what"]


@pytest.mark.process
def test_the_real_doctor_and_the_devices_say_what_their_schemas_promise(tmp_path: Path) -> None:
    ended = sda("doctor", "--json", cwd=tmp_path)
    document = document_of("sda doctor", ended.out)
    assert document["ok"] is (ended.status == 0)
    assert document["device"] is not None
    devices = document_of("sda devices", sda("devices", "--json", "--device", "cpu", cwd=tmp_path).out)
    assert devices["chosen"] == "cpu"


def test_every_schema_is_one() -> None:
    for schema in schemas().values():
        Draft202012Validator.check_schema(schema)


def test_devices_show_which_one_is_chosen_and_why_others_are_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(device_module, "choose_device", lambda _requested, **_named: CHOICE)
    monkeypatch.setattr("small_dataset_audio.hardware.runtime.import_torch", lambda _rocm: None)
    assert main(["devices"]) == 0
    shown = capsys.readouterr()
    gpu, cpu, chosen = shown.out.splitlines()[1:]
    assert gpu.startswith("cuda:0  cuda  A GPU")
    assert gpu.endswith("It gave wrong numbers.")
    assert "8.0 of 16.0 GiB" in cpu
    assert chosen == "Chosen: cpu: the GPU failed"
    assert shown.err == "Warning: The GPU is left out.\n"
    quiet = Choice(CPU, "asked for", None, (CPU,))
    monkeypatch.setattr(device_module, "choose_device", lambda _requested, **_named: quiet)
    assert main(["devices"]) == 0
    assert capsys.readouterr().err == ""
