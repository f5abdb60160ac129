"""Torch's build is known without importing it; its variables are set before, never over the user's."""

import importlib
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.errors import EnvironmentFault
from small_dataset_audio.hardware import runtime
from small_dataset_audio.hardware.runtime import (
    TorchFacts,
    import_torch,
    package_version_file,
    prepare_environment,
    torch_build,
    torch_facts,
)

CUDA = "__version__ = '2.10.0+cu128'\ndebug = False\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n"
ROCM = "__version__ = '2.10.0+rocm7.1'\ncuda: Optional[str] = None\nhip: Optional[str] = '7.1.25424-4179'\n"
ROCM_NAMED = "__version__ = '2.10.0'\ncuda: Optional[str] = None\nhip: str = '7.2.1'\nrocm: Optional[str] = '7.2.0'\n"
CPU = "from typing import Optional\n__version__ = '2.10.0'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n"


@dataclass
class Section:
    """Stands for the ``[rocm]`` settings."""

    values: dict[str, str] = field(
        default_factory=lambda: {
            "PYTORCH_ALLOC_CONF": "max_split_size_mb:512",
            "TORCH_COMPILE": "0",
            "MIOPEN_FIND_MODE": "",
        }
    )

    def variables(self) -> Mapping[str, str]:
        return self.values


def installed(folder: Path, text: str | None) -> Path:
    if text is not None:
        (folder / "version.py").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "platform", "facts"),
    [
        (CUDA, "linux", TorchFacts("2.10.0+cu128", "cuda", "12.8")),
        (ROCM, "linux", TorchFacts("2.10.0+rocm7.1", "rocm", "7.1.25424-4179")),
        (ROCM_NAMED, "linux", TorchFacts("2.10.0", "rocm", "7.2.0")),
        (CPU, "linux", TorchFacts("2.10.0", "cpu", None)),
        (CPU, "darwin", TorchFacts("2.10.0", "mac", None)),
        (None, "linux", None),
        ("", "linux", None),
        ("__version__ = 'cut sho", "linux", None),
        ("__version__ = 5\nversion: str\n(a, b) = 'c', 'd'\n", "linux", None),
    ],
)
def test_the_build_is_read_from_its_version_file(
    tmp_path: Path, text: str | None, platform: str, facts: TorchFacts | None
) -> None:
    assert torch_facts(installed(tmp_path, text), platform) == facts


def test_the_installed_torch_is_recognised_without_importing_it() -> None:
    code = (
        "import sys; from small_dataset_audio.hardware.runtime import torch_build\n"
        "build = torch_build(); assert 'torch' not in sys.modules; print(build)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == torch_build()
    assert torch_build() in {"cuda", "rocm", "cpu", "mac"}


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert package_version_file("no_package_has_this_name") == {}


def test_a_package_imported_without_a_spec_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    assert torch_build() is None


def test_a_folder_that_only_has_the_name_is_no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty_named_folder").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert package_version_file("empty_named_folder") == {}


@given(st.text(max_size=200))
def test_no_version_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("package")
    (folder / "version.py").write_bytes(text.encode("utf-8", "surrogatepass"))
    package_version_file("torch", folder)


@pytest.mark.parametrize(
    ("toolkit", "allocator"),
    [
        ("7.2.0", "PYTORCH_ALLOC_CONF"),
        ("8.0", "PYTORCH_ALLOC_CONF"),
        ("7.10.1", "PYTORCH_ALLOC_CONF"),
        ("7.1.25424-4179", "PYTORCH_HIP_ALLOC_CONF"),
        ("6.4", "PYTORCH_HIP_ALLOC_CONF"),
        (None, "PYTORCH_HIP_ALLOC_CONF"),
    ],
)
def test_rocm_variables_have_the_name_that_this_rocm_reads(toolkit: str | None, allocator: str) -> None:
    environ = {"PATH": "/bin"}
    made = prepare_environment(Section(), environ, facts=TorchFacts("2.10.0", "rocm", toolkit), platform="linux")
    assert made == {allocator: "max_split_size_mb:512", "TORCH_COMPILE": "0"}
    assert environ == {"PATH": "/bin", **made}


@pytest.mark.parametrize("exported", ["PYTORCH_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"])
def test_an_exported_allocator_setting_wins_under_any_name(exported: str) -> None:
    environ = {exported: "mine"}
    made = prepare_environment(Section(), environ, facts=TorchFacts("2.10.0", "rocm", "7.1"), platform="linux")
    assert made == {"TORCH_COMPILE": "0"}
    assert environ[exported] == "mine"


def test_what_the_user_exported_is_never_changed_even_if_empty() -> None:
    environ = {"TORCH_COMPILE": "", "PYTORCH_ENABLE_MPS_FALLBACK": "0", "PYTORCH_ALLOC_CONF": ""}
    before = dict(environ)
    assert prepare_environment(Section(), environ, facts=TorchFacts("2.10.0", "rocm", "7.2"), platform="darwin") == {}
    assert environ == before


def test_an_emptied_setting_leaves_the_variable_alone() -> None:
    section = Section({"PYTORCH_ALLOC_CONF": "", "TORCH_COMPILE": ""})
    assert prepare_environment(section, {}, facts=TorchFacts("2.10.0", "rocm", "7.2"), platform="linux") == {}


@pytest.mark.parametrize("build", ["cuda", "cpu"])
def test_other_builds_get_no_rocm_variables(build: runtime.TorchBuild) -> None:
    assert prepare_environment(Section(), {}, facts=TorchFacts("2.10.0", build, None), platform="linux") == {}


def test_a_mac_gets_the_fallback_for_missing_operations() -> None:
    made = prepare_environment(None, {}, facts=TorchFacts("2.10.0", "mac", None), platform="darwin")
    assert made == {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}


def test_rocm_without_settings_sets_nothing() -> None:
    assert prepare_environment(None, {}, facts=TorchFacts("2.10.0", "rocm", "7.2"), platform="linux") == {}


def test_the_installed_torch_is_looked_up() -> None:
    environ: dict[str, str] = {}
    made = prepare_environment(Section({}), environ)
    assert made == environ
    assert set(made) <= {"PYTORCH_ENABLE_MPS_FALLBACK"}


def importing(monkeypatch: pytest.MonkeyPatch, outcome: ModuleType | BaseException) -> list[str]:
    """Let the import of torch end with ``outcome``; return the list of attempts, to be filled."""
    attempts: list[str] = []

    def answer(name: str) -> ModuleType:
        attempts.append(name)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(runtime, "_first_failure", [])
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(importlib, "import_module", answer)
    return attempts


def test_the_variables_are_set_before_torch_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torch")
    section = Section()
    attempts = importing(monkeypatch, module)
    monkeypatch.setattr(runtime, "prepare_environment", lambda rocm: attempts.append(f"prepared {rocm is section}"))
    assert import_torch(section) is module
    assert attempts == ["prepared True", "torch"]


def test_torch_that_is_there_already_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torch")
    monkeypatch.setattr(runtime, "_first_failure", [])
    monkeypatch.setitem(sys.modules, "torch", module)
    monkeypatch.setattr(runtime, "prepare_environment", lambda rocm: pytest.fail("too late for variables"))
    assert import_torch() is module


@pytest.mark.parametrize(
    ("error", "what", "fix"),
    [
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "not installed", "make setup"),
        (ModuleNotFoundError("No module named 'sympy'", name="sympy"), "cannot be imported", "reinstall-package"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "cannot be imported", "ulimit -v"),
        (OSError("libcudart.so.12: cannot open shared object file"), "cannot be imported", "--group cpu"),
        (ImportError("dlopen(x): Library not loaded: libomp.dylib"), "cannot be imported", "--group cpu"),
        (RuntimeError("module was compiled against NumPy 1.x"), "cannot be imported", "numpy"),
        (AttributeError("module 'torch' has no attribute '_C'"), "cannot be imported", "reinstall-package"),
        (SyntaxError("unexpected end of file"), "cannot be imported", "reinstall-package"),
    ],
)
def test_a_broken_torch_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, what: str, fix: str
) -> None:
    attempts = importing(monkeypatch, error)
    with pytest.raises(EnvironmentFault) as first:
        import_torch()
    assert what in first.value.what
    assert fix in first.value.fix
    assert first.value.__cause__ is error
    with pytest.raises(EnvironmentFault) as second:
        import_torch()
    assert second.value is first.value
    assert attempts == ["torch"]


def test_threads_import_torch_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torch")
    importing(monkeypatch, module)

    def as_python_does(name: str) -> ModuleType:
        return sys.modules.setdefault(name, module)

    prepared: list[object] = []
    monkeypatch.setattr(runtime, "prepare_environment", prepared.append)
    monkeypatch.setattr(importlib, "import_module", as_python_does)
    results: list[ModuleType] = []
    threads = [threading.Thread(target=lambda: results.append(import_torch())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [module] * 4
    assert len(prepared) == 1
