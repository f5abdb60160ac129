"""The doctor finds everything, reports it in a documented shape, and changes nothing."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from small_dataset_audio.config.load import Loaded, load_settings
from small_dataset_audio.errors import ConfigError
from small_dataset_audio.hardware.device import Choice, Device
from small_dataset_audio.hardware.memory import Memory
from small_dataset_audio.hardware.schema import DEVICES_SCHEMA
from small_dataset_audio.validation import doctor
from small_dataset_audio.validation.check import Check, Report, Result, Status
from small_dataset_audio.validation.doctor import as_json, critical, examine, healthy, run_checks, settings_result
from small_dataset_audio.validation.schema import DOCTOR_SCHEMA

WRONG = ConfigError("config.toml has 2 mistakes.", "line 1: …\nline 2: …", "Correct them.")


def report(
    name: str, status: Status, *, critical: bool = True, detail: str | None = None, fix: str | None = None
) -> Report:
    return Report("g", name, status, f"{name} is {status}.", detail, fix, 0.1, critical)


@pytest.fixture
def settings(tmp_path: Path) -> Loaded:
    return load_settings(environ={}, cwd=tmp_path)


def test_the_schemas_are_schemas() -> None:
    jsonschema.Draft202012Validator.check_schema(DOCTOR_SCHEMA)
    jsonschema.Draft202012Validator.check_schema(DEVICES_SCHEMA)


def test_the_whole_examination_of_this_machine(settings: Loaded, tmp_path: Path) -> None:
    found = examine(settings, fast=False, device="cpu")
    document = as_json(found.reports, found.choice)
    jsonschema.validate(json.loads(json.dumps(document)), DOCTOR_SCHEMA)
    assert document["ok"] is True
    assert document["device"]["id"] == "cpu"
    assert document["device"]["why"] == "asked for"
    names = [(check["group"], check["name"]) for check in document["checks"]]
    assert len(set(names)) == len(names)
    assert {group for group, _ in names} == {"settings", "packages", "folders", "disk", "memory", "device", "tools"}
    assert critical(found.reports) is None
    assert list(tmp_path.iterdir()) == []


def test_the_order_is_always_the_same(settings: Loaded) -> None:
    first, second = (run_checks(settings, fast=True) for _ in range(2))
    assert [found.name for found in first] == [found.name for found in second]


def test_the_fast_examination_leaves_torch_alone(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from small_dataset_audio.config.load import load_settings\n"
        "from small_dataset_audio.validation.doctor import as_json, examine\n"
        "found = examine(load_settings(), fast=True)\n"
        "assert found.choice is None\n"
        "print(as_json(found.reports, found.choice)['ok'], sorted({'torch', 'numpy', 'scipy', 'psutil'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert answer.stdout.strip() == "True []"
    assert answer.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_wrong_settings_are_one_failed_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = examine(WRONG, fast=True)
    (wrong,) = [report for report in found.reports if report.status in {"fail", "crash"}]
    assert (wrong.name, wrong.summary, wrong.detail, wrong.fix) == ("settings", WRONG.what, WRONG.why, WRONG.fix)
    assert not {"folders", "disk"} & {report.group for report in found.reports}
    assert not healthy(found.reports)
    fault = critical(found.reports)
    assert fault is not None
    assert WRONG.why == fault.why
    jsonschema.validate(as_json(found.reports, None), DOCTOR_SCHEMA)
    assert list(tmp_path.iterdir()) == []


def test_settings_with_and_without_a_file(tmp_path: Path, settings: Loaded) -> None:
    assert settings_result(settings).status == "note"
    file = tmp_path / "config.toml"
    file.write_text('[hardware]\ndevice = "cpu"\n')
    result = settings_result(load_settings(file, environ={}))
    assert (result.status, result.summary) == ("ok", f"{file} is valid.")


def test_groups_can_be_picked(settings: Loaded) -> None:
    reports = examine(settings, fast=True, groups={"settings", "tools"}).reports
    assert [report.group for report in reports] == ["settings", "tools", "tools", "tools"]


def test_the_device_of_the_settings_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, object]] = []

    class Probe:
        choice = None

        def __init__(self, requested: str, rocm: object) -> None:
            asked.append((requested, rocm))

        def checks(self) -> list[Check]:
            return [Check("device", "device", lambda: Result("ok", "x"), "-", needs_torch=True)]

    monkeypatch.setattr(doctor, "DeviceCheck", Probe)
    settings = load_settings(overrides={"hardware.device": "mps"}, environ={}, cwd=tmp_path)
    examine(settings, fast=False, groups={"device"})
    examine(settings, fast=False, device="cuda:1", groups={"device"})
    examine(WRONG, fast=False, groups={"device"})
    rocm = settings.settings.rocm
    assert asked == [("mps", rocm), ("cuda:1", rocm), ("auto", None)]


def test_a_broken_device_is_null_in_json() -> None:
    document = as_json([report("device", "fail", fix="x")], None)
    assert document["ok"] is False
    assert document["device"] is None
    jsonschema.validate(document, DOCTOR_SCHEMA)


def test_a_device_with_a_warning_in_json() -> None:
    device = Device("cpu", "cpu", "processor", Memory(2, 1))
    document = as_json(
        [report("device", "warn")], Choice(device, "no accelerator passed its test", "cuda:0 …", (device,))
    )
    assert document["ok"] is True
    assert document["device"]["warning"] == "cuda:0 …"
    jsonschema.validate(document, DOCTOR_SCHEMA)


@pytest.mark.parametrize("status", ["ok", "note", "warn"])
def test_what_is_not_bad_is_not_critical(status: Status) -> None:
    assert critical([report("a", status)]) is None


def test_what_is_not_critical_does_not_stop() -> None:
    reports = [report("a", "fail", critical=False)]
    assert critical(reports) is None
    assert not healthy(reports)


def test_one_critical_failure_is_told_as_it_is() -> None:
    fault = critical([report("a", "fail", detail="because", fix="do this"), report("b", "ok")])
    assert fault is not None
    assert fault.as_dict() == {"what": "sda cannot work here: a is fail.", "why": "because", "fix": "do this"}
    bare = critical([report("a", "crash")])
    assert bare is not None
    assert (bare.why, bare.fix) == ("The check a failed.", "Run `sda doctor`.")


def test_all_critical_failures_are_told_with_their_fixes() -> None:
    reports = [
        report("a", "fail", detail="because", fix="install"),
        report("b", "crash", fix="look"),
        report("c", "fail", fix="install"),
        report("d", "fail", critical=False, fix="never"),
        report("e", "fail"),
    ]
    fault = critical(reports)
    assert fault is not None
    assert fault.what == "sda cannot work here: 4 requirements are not met."
    assert fault.why.splitlines() == ["1. a is fail. because", "2. b is crash.", "3. c is fail.", "4. e is fail."]
    assert fault.fix.splitlines() == ["1, 3. install", "2. look", "4. Run `sda doctor`."]
