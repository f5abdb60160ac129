"""Installed versions are compared with what the package asks for, by the rules of PEP 440."""

import sys
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from small_dataset_audio.validation import packages
from small_dataset_audio.validation.check import run_together
from small_dataset_audio.validation.packages import (
    Verdict,
    installed_version,
    judge,
    package_checks,
    package_result,
    pair_result,
    python_result,
    readable,
    required_packages,
)


@pytest.mark.parametrize(
    ("wanted", "version", "verdict"),
    [
        (">=2.1,<3", "2.1", "fits"),
        (">=2.1,<3", "2.10", "fits"),  # a comparison of texts would call this older than 2.9
        (">=2.9,<3", "2.10", "fits"),
        (">=2.1,<3", "1.26.4", "older"),
        (">=2.1,<3", "3.0", "newer"),
        (">=2.10,<2.11", "2.10.0+cu128", "fits"),
        (">=2.10,<2.11", "2.10.0rc1", "older"),
        (">=2.10,<2.11", "2.11.0a0+git123", "newer"),
        (">=2.10,<2.11", "2.10.1.post2", "fits"),
        ("", "0.0.1", "fits"),
        ("~=1.4", "1.9", "fits"),
        ("~=1.4", "1.3", "older"),
        ("~=1.4", "2.0", "newer"),
        ("==1.4.*", "1.4.9", "fits"),
        ("==1.4.*", "1.5", "newer"),
        ("==1.4.*", "1.3", "older"),
        ("==1.4", "1.4+local", "fits"),
        (">1.4", "1.4", "older"),
        (">1.4", "1.4.post1", "older"),
        ("<=2", "2.0.1", "newer"),
        ("!=1.5", "1.5", "excluded"),
        ("===1.5", "1.6", "excluded"),
        (">=1,!=1.5,<1.5", "1.5", "excluded"),
        (">=2,<1", "1.5", "older"),
    ],
)
def test_verdicts(wanted: str, version: str, verdict: Verdict) -> None:
    assert judge(SpecifierSet(wanted), Version(version)) == verdict


@given(st.tuples(*[st.integers(0, 50)] * 3), st.tuples(*[st.integers(0, 50)] * 3), st.tuples(*[st.integers(0, 50)] * 3))
def test_verdicts_follow_the_order_of_the_numbers(
    low: tuple[int, ...], high: tuple[int, ...], have: tuple[int, ...]
) -> None:
    def text(numbers: tuple[int, ...]) -> str:
        return ".".join(str(number) for number in numbers)

    verdict = judge(SpecifierSet(f">={text(low)},<{text(high)}"), Version(text(have)))
    assert verdict == ("older" if have < low else "newer" if have >= high else "fits")


def test_a_package_that_fits() -> None:
    result = package_result(Requirement("numpy>=2.1,<3"), "2.4.6")
    assert (result.status, result.summary, result.fix) == ("ok", "numpy 2.4.6", None)


def test_a_package_that_is_too_old() -> None:
    result = package_result(Requirement("numpy>=2.1,<3"), "1.26.4")
    assert (result.status, result.summary) == ("fail", "numpy 1.26.4 is older than required (>=2.1,<3).")
    assert result.fix is not None
    assert "'numpy>=2.1,<3'" in result.fix
    assert sys.executable in result.fix


def test_a_package_that_is_newer_than_tested() -> None:
    result = package_result(Requirement("numpy>=2.1,<3"), "3.0")
    assert (result.status, result.summary) == ("warn", "numpy 3.0 is newer than what sda was tested with (>=2.1,<3).")


def test_a_package_that_is_known_not_to_work() -> None:
    result = package_result(Requirement("soxr!=1.0.1"), "1.0.1")
    assert (result.status, result.summary) == ("fail", "soxr 1.0.1 is known not to work (!=1.0.1).")


def test_a_package_that_is_missing() -> None:
    result = package_result(Requirement("numpy>=2.1,<3"), None)
    assert (result.status, result.summary) == ("fail", "numpy is not installed.")


def test_a_version_that_is_none() -> None:
    assert package_result(Requirement("numpy>=2.1,<3"), "my build").status == "warn"


@pytest.mark.parametrize(
    ("version", "status"),
    [("3.11.0", "ok"), ("3.14.2", "ok"), ("3.10.14", "fail"), ("3.15.0a1", "warn"), ("odd", "warn")],
)
def test_python(version: str, status: str) -> None:
    result = python_result(">=3.11,<3.15", version)
    assert result.status == status
    assert version in result.summary


def test_python_with_a_specifier_that_is_none() -> None:
    assert python_result("three", "3.11").status == "warn"


@pytest.mark.parametrize(
    ("torch", "torchaudio", "status"),
    [
        ("2.10.0+cu128", "2.10.0+cu128", "ok"),
        ("2.10.1", "2.10.0", "ok"),
        ("2.10.0+cpu", "2.10.0", "ok"),
        ("2.10.0+cpu", "2.10.0+cu128", "warn"),
        ("2.10.0", "2.9.1", "fail"),
        ("2.1.0", "2.10.0", "fail"),
        (None, "2.10.0", "note"),
        ("2.10.0", None, "note"),
        ("mine", "2.10.0", "warn"),
    ],
)
def test_the_pair(torch: str | None, torchaudio: str | None, status: str) -> None:
    assert pair_result(torch, torchaudio).status == status


def test_extras_and_other_machines_are_left_out() -> None:
    lines = [
        "numpy<3,>=2.1",
        "demucs; extra == 'separation'",
        "pywin32; sys_platform == 'nowhere'",
        "tomli; python_version < '3'",
        "rich>=13; python_version >= '3'",
        "not a requirement at all !!",
    ]
    assert [required.name for required in required_packages(lines)] == ["numpy", "rich"]


@pytest.mark.parametrize("wanted", ["<3,>=2.1", ">=2.1,<3", "!=2.5,<3,>=2.1"])
def test_specifiers_read_from_low_to_high(wanted: str) -> None:
    assert readable(SpecifierSet(wanted)).endswith(">=2.1,<3")


def test_versions_of_what_is_installed() -> None:
    assert installed_version("numpy") == metadata.version("numpy")
    assert installed_version("no-package-has-this-name") is None


def test_metadata_without_a_version_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "sda_broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Name: sda-broken\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_version("sda-broken") is None


def test_this_environment_fits() -> None:
    checks = package_checks()
    names = [check.name for check in checks]
    assert names[0] == "Python"
    assert names[-1] == "torch and torchaudio"
    assert {"numpy", "scipy", "torch", "torchaudio", "pydantic", "av"} <= set(names)
    assert not {"pytest", "demucs"} & set(names)
    assert [report.status for report in run_together(checks)] == ["ok"] * len(checks)
    assert all(check.critical and check.fix and not check.needs_torch for check in checks)


def test_a_tree_that_is_not_installed_is_a_warning() -> None:
    (check,) = package_checks("no-package-has-this-name")
    assert check.run().status == "warn"


def test_the_pair_is_compared_without_version_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "package_version_file", lambda _: {})
    monkeypatch.setattr(packages, "installed_version", {"torch": "2.10.0", "torchaudio": "2.9.0"}.get)
    assert package_checks()[-1].run().status == "fail"


def test_a_package_says_what_it_requires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = tmp_path / "sda_sample-1.0.dist-info"
    ours.mkdir()
    lines = [
        "Metadata-Version: 2.4",
        "Name: sda-sample",
        "Version: 1.0",
        "Requires-Dist: numpy>=999",
        "Requires-Dist: rich<1",
    ]
    (ours / "METADATA").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    reports = {report.name: report for report in run_together(package_checks("sda-sample"))}
    assert reports["Python"].status == "ok"
    assert (reports["numpy"].status, reports["rich"].status) == ("fail", "warn")
    assert "numpy>=999" in (reports["numpy"].fix or "")
