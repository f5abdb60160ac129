"""Checks of Python and of the installed packages, against what the package's own metadata asks for.

Versions are compared by the rules of PEP 440. Older than required is a failure; newer than tested is a warning, since
it mostly works.
"""

import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from small_dataset_audio.hardware.runtime import package_version_file
from small_dataset_audio.validation.check import Check, Result

DISTRIBUTION = "small-dataset-audio"
GROUP = "packages"

_REINSTALL = "Run `uv sync --locked` in the project folder (`make setup` does it)."
_SERIES = 2  # torch and torchaudio belong together when major and minor number agree

Verdict = Literal["fits", "older", "newer", "excluded"]


def package_checks(distribution: str = DISTRIBUTION) -> list[Check]:
    """Return the checks of Python, of every dependency, and of the pair of torch and torchaudio.

    Args:
        distribution: the installed package whose metadata says what is required.
    """
    try:
        about = metadata.metadata(distribution)
    except metadata.PackageNotFoundError:
        return [Check("installation", GROUP, _not_installed, _REINSTALL)]
    wanted = str(about.json.get("requires_python", ""))
    checks = [Check("Python", GROUP, lambda: python_result(wanted), _python_fix(wanted), critical=True)]
    checks += (
        Check(required.name, GROUP, _comparison(required), install_command(required), critical=True)
        for required in required_packages(about.get_all("Requires-Dist") or ())
    )
    checks.append(Check("torch and torchaudio", GROUP, _pair, _REINSTALL, critical=True))
    return checks


def required_packages(lines: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements that hold on this machine; those of extras are left out.

    Args:
        lines: requirements as package metadata writes them.
    """
    for line in lines:
        try:
            required = Requirement(line)
        except InvalidRequirement:  # written by a newer packaging standard than we can read
            continue
        if required.marker is None or required.marker.evaluate({"extra": ""}):
            yield required


def installed_version(name: str) -> str | None:
    """Return the version of an installed package, or None where it is not installed or does not say."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    return str(about["Version"]) if "Version" in about else None


def python_result(wanted: str, version: str | None = None) -> Result:
    """Return whether this Python fits.

    Args:
        wanted: version specifier, as in ``Requires-Python``.
        version: Python's version; this Python's when it is not given.
    """
    version = platform.python_version() if version is None else version
    try:
        verdict = judge(SpecifierSet(wanted), Version(version))
    except (InvalidSpecifier, InvalidVersion):
        return Result("warn", f"Python {version} cannot be compared with what is required ({wanted}).")
    if verdict == "fits":
        return Result("ok", f"Python {version}", sys.executable)
    if verdict == "newer":
        return Result("warn", f"Python {version} is newer than what sda was tested with ({wanted}).", sys.executable)
    return Result("fail", f"Python {version} is older than required ({wanted}).", sys.executable, _python_fix(wanted))


def package_result(required: Requirement, installed: str | None) -> Result:
    """Return whether the installed version of a package fits.

    Args:
        required: what is asked for.
        installed: the version that is there, None where there is none.
    """
    if installed is None:
        return Result("fail", f"{required.name} is not installed.", None, install_command(required))
    try:
        verdict = judge(required.specifier, Version(installed))
    except InvalidVersion:
        return Result("warn", f"{required.name} has a version that cannot be compared: {installed}.")
    wanted = readable(required.specifier)
    if verdict == "fits":
        return Result("ok", f"{required.name} {installed}")
    if verdict == "newer":
        summary = f"{required.name} {installed} is newer than what sda was tested with ({wanted})."
        return Result("warn", summary, None, f"If something fails: {install_command(required)}")
    reason = "older than required" if verdict == "older" else "known not to work"
    return Result("fail", f"{required.name} {installed} is {reason} ({wanted}).", None, install_command(required))


def pair_result(torch: str | None, torchaudio: str | None) -> Result:
    """Return whether torch and torchaudio belong together.

    Args:
        torch: torch's full version, with its local part such as "+cu128"; None where it is not installed.
        torchaudio: torchaudio's.
    """
    if torch is None or torchaudio is None:
        return Result("note", "Not compared: torch or torchaudio is not installed.")
    try:
        first, second = Version(torch), Version(torchaudio)
    except InvalidVersion:
        return Result("warn", f"torch {torch} and torchaudio {torchaudio} cannot be compared.")
    if first.release[:_SERIES] != second.release[:_SERIES]:
        return Result("fail", f"torch {torch} and torchaudio {torchaudio} do not belong together.", None, _REINSTALL)
    if first.local and second.local and first.local != second.local:
        detail = "They are built for different devices, so torchaudio may fail to load."
        return Result("warn", f"torch {torch} and torchaudio {torchaudio} are different builds.", detail, _REINSTALL)
    return Result("ok", f"torch {torch} and torchaudio {torchaudio}")


def judge(specifiers: SpecifierSet, version: Version) -> Verdict:
    """Return how a version stands to what is asked for; a failure ("older", "excluded") goes before "newer"."""
    verdicts = {_clause(clause, version) for clause in specifiers}
    order: tuple[Verdict, ...] = ("older", "excluded", "newer")
    return next((verdict for verdict in order if verdict in verdicts), "fits")


def readable(specifiers: SpecifierSet) -> str:
    """Return version specifiers as people write them: lower bounds before upper bounds."""
    clauses = sorted(specifiers, key=lambda clause: (clause.operator.startswith("<"), str(clause)))
    return ",".join(str(clause) for clause in clauses)


def install_command(required: Requirement) -> str:
    """Return the sentence that says how to install what is required."""
    wanted = f"{required.name}{readable(required.specifier)}"
    return f"Run `uv sync --locked` in the project folder, or `{sys.executable} -m pip install '{wanted}'`."


def _clause(clause: Specifier, version: Version) -> Verdict:
    if clause.contains(version, prereleases=True):
        return "fits"
    if clause.operator in {"<", "<="}:
        return "newer"
    if clause.operator in {"!=", "==="}:
        return "excluded"
    bound = Version(clause.version.removesuffix(".*"))
    return "newer" if version > bound and clause.operator != ">" else "older"


def _comparison(required: Requirement) -> Callable[[], Result]:
    return lambda: package_result(required, installed_version(required.name))


def _pair() -> Result:
    def full(name: str) -> str | None:
        return package_version_file(name).get("__version__") or installed_version(name)

    return pair_result(full("torch"), full("torchaudio"))


def _not_installed() -> Result:
    detail = "It seems to run from its source folder without being installed, so nothing says which versions it needs."
    return Result("warn", "The versions of sda's dependencies cannot be checked.", detail, _REINSTALL)


def _python_fix(wanted: str) -> str:
    return f"Install a Python {wanted} (`uv python install` can), and make the environment again with `make setup`."
