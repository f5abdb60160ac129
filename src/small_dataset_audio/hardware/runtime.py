"""Torch start-up: which build is installed, the variables it reads once, and the one place that imports it.

Torch reads its environment variables while it is imported, so they are set before, and never over what the user
exported. Which build is installed is read from the text of its ``version.py``: importing torch takes seconds, and a
broken torch must not hide what is wrong with it.
"""

import ast
import importlib
import importlib.util
import logging
import os
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal, Protocol

from small_dataset_audio.errors import EnvironmentFault

TorchBuild = Literal["cuda", "rocm", "cpu", "mac"]

logger = logging.getLogger(__name__)

_ALLOCATOR = "PYTORCH_ALLOC_CONF"
_ALLOCATOR_BEFORE_ROCM_7_2 = "PYTORCH_HIP_ALLOC_CONF"
# Torch obeys any of these three names, so one that the user exported settles the matter.
_ALLOCATOR_NAMES = (_ALLOCATOR, _ALLOCATOR_BEFORE_ROCM_7_2, "PYTORCH_CUDA_ALLOC_CONF")
_ROCM_WITH_COMMON_ALLOCATOR_NAME = (7, 2)
# Operations that Metal lacks run on the CPU instead of failing.
_METAL_VARIABLES = {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}

# What a broken installation raises while torch is imported: missing or unfitting libraries, files cut short, an
# extension built against another numpy.
_IMPORT_FAILURES = (
    ImportError,
    OSError,
    RuntimeError,
    AttributeError,
    NameError,
    SyntaxError,
    TypeError,
    ValueError,
    SystemError,
)

_import_lock = threading.Lock()
# A second attempt after a failed import fails in other, misleading ways: the first reason is kept.
_first_failure: list[EnvironmentFault] = []


class Variables(Protocol):
    """Settings that name environment variables: the ``[rocm]`` section."""

    def variables(self) -> Mapping[str, str]:
        """Return variable name -> value; an empty value means that the variable is left alone."""
        ...


@dataclass(frozen=True, slots=True)
class TorchFacts:
    """What the installed torch says about itself."""

    version: str
    build: TorchBuild
    toolkit: str | None
    """The version of CUDA or ROCm it is built for."""


def package_version_file(package: str, folder: Path | None = None) -> dict[str, str]:
    """Return the texts that ``version.py`` of an installed package assigns, without importing the package.

    Args:
        package: import name of a top-level package.
        folder: the package's folder; found through the import system when it is not given.

    Returns:
        Name -> text. Empty when the package is not installed, or its ``version.py`` is missing or damaged.
    """
    folder = _package_folder(package) if folder is None else folder
    if folder is None:
        return {}
    try:
        tree = ast.parse((folder / "version.py").read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    return dict(pair for statement in tree.body for pair in _assigned_texts(statement))


def torch_facts(folder: Path | None = None, platform: str = sys.platform) -> TorchFacts | None:
    """Return version and build of the installed torch without importing it, or None where there is none.

    Args:
        folder: torch's package folder; found through the import system when it is not given.
        platform: as ``sys.platform``.
    """
    texts = package_version_file("torch", folder)
    version = texts.get("__version__")
    if version is None:
        return None
    hip = texts.get("rocm") or texts.get("hip")
    if hip:
        return TorchFacts(version, "rocm", hip)
    if "cuda" in texts:
        return TorchFacts(version, "cuda", texts["cuda"])
    return TorchFacts(version, "mac" if platform == "darwin" else "cpu", None)


def torch_build() -> TorchBuild | None:
    """Return what the installed torch is built for, without importing it, or None where there is no torch."""
    facts = torch_facts()
    return None if facts is None else facts.build


def prepare_environment(
    rocm: Variables | None,
    environ: MutableMapping[str, str] = os.environ,
    *,
    facts: TorchFacts | None = None,
    platform: str = sys.platform,
) -> dict[str, str]:
    """Return the variables that were set in ``environ`` for the installed torch build: name -> value.

    Nothing that is in ``environ`` already is changed, also when it is empty there.

    Args:
        rocm: the ``[rocm]`` settings, used on a ROCm build only; None sets none of them.
        environ: the environment to change.
        facts: about the installed torch; looked up when not given.
        platform: as ``sys.platform``.
    """
    facts = torch_facts() if facts is None else facts
    wanted: dict[str, str] = {}
    if facts is not None and facts.build == "rocm" and rocm is not None:
        wanted |= _for_rocm(rocm.variables(), facts.toolkit, environ)
    if platform == "darwin":
        wanted |= _METAL_VARIABLES
    made = {name: value for name, value in wanted.items() if value and name not in environ}
    environ.update(made)
    return made


def import_torch(rocm: Variables | None = None) -> ModuleType:
    """Return torch, imported after its environment was prepared. Safe to call from several threads.

    Args:
        rocm: the ``[rocm]`` settings. They have an effect only in the call that imports torch first.

    Raises:
        EnvironmentFault: torch is missing or cannot be imported.
    """
    with _import_lock:
        if _first_failure:
            raise _first_failure[0]
        if "torch" not in sys.modules:
            made = prepare_environment(rocm)
            logger.debug("set for torch: %s", made)
        try:
            return importlib.import_module("torch")
        except _IMPORT_FAILURES as error:
            _first_failure.append(_import_fault(error))
            raise _first_failure[0] from error


def _import_fault(error: BaseException) -> EnvironmentFault:
    """Return the error a user meets when torch cannot be imported, with the fix that fits the reason."""
    reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    if isinstance(error, ModuleNotFoundError) and error.name == "torch":
        return EnvironmentFault(
            "Torch is not installed.",
            f"Python at {sys.executable} has no package named torch.",
            "Run `make setup` in the project folder (or `pip install torch torchaudio`), then run the command again.",
        )
    if "failed to map segment" in reason or "annot allocate memory" in reason:
        fix = (
            "There is too little memory to load torch. Give this machine or container more (2 GiB at least), raise the "
            "address space limit (`ulimit -v`), or install the smaller CPU build: `uv sync --locked --group cpu`."
        )
    elif "shared object" in reason or "Library not loaded" in reason:
        fix = (
            "A library that this torch build needs is missing or damaged. Install torch again: "
            "`uv sync --locked --reinstall-package torch`, or the smaller CPU build: `uv sync --locked --group cpu`."
        )
    elif "numpy" in reason.lower():
        fix = "Torch and numpy do not fit together. Install the tested pair again: `uv sync --locked`."
    else:
        fix = "Install torch again: `uv sync --locked --reinstall-package torch --reinstall-package torchaudio`."
    return EnvironmentFault("Torch is installed but cannot be imported.", reason, fix)


def _for_rocm(variables: Mapping[str, str], version: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the ROCm variables under the names that this ROCm version reads."""
    wanted = dict(variables)
    allocator = wanted.pop(_ALLOCATOR, None)
    if allocator and not any(name in environ for name in _ALLOCATOR_NAMES):
        numbers = tuple(int(number) for number in re.findall(r"\d+", version or "")[:2])
        common = numbers >= _ROCM_WITH_COMMON_ALLOCATOR_NAME
        wanted[_ALLOCATOR if common else _ALLOCATOR_BEFORE_ROCM_7_2] = allocator
    return wanted


def _package_folder(package: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # ValueError: already imported, but without a spec
        return None
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _assigned_texts(statement: ast.stmt) -> list[tuple[str, str]]:
    """Return the (name, text) pairs of ``name = "text"`` and ``name: type = "text"``."""
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        return []
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return []
    return [(target.id, value.value) for target in targets if isinstance(target, ast.Name)]
