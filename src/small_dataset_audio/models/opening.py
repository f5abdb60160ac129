"""Opening weights without running code that is in them, and the libraries that run them only when they are needed.

Weights are data. A safetensors or ONNX file cannot hold code. A PyTorch checkpoint is a pickle, which can: it is read
with ``weights_only=True``, where nothing but tensors, numbers and texts is understood, and anything else is refused.
"""

import importlib
import logging
import os
import pickle
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.atomic import open_file, store_error
from small_dataset_audio.errors import EnvironmentFault, MissingWeights, ModelError
from small_dataset_audio.hardware.runtime import import_torch

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from torch import Tensor

logger = logging.getLogger(__name__)

_PROVIDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "cuda": ("CUDAExecutionProvider", "MIGraphXExecutionProvider", "ROCMExecutionProvider"),
    "mps": ("CoreMLExecutionProvider",),
}
"""Kind of device -> what can run ONNX on it; ``cuda`` also names AMD's devices, as in torch."""

_CPU_PROVIDER: Final = "CPUExecutionProvider"
_HEADER_START: Final = 9
"""Bytes: a safetensors file begins with the length of its description, in 8 bytes, and the brace that opens it."""
_LONGEST_HEADER: Final = 100_000_000
"""Bytes: the limit of the safetensors format for that description."""
_DAMAGE: Final = (
    RuntimeError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OSError,
    AssertionError,
    struct.error,
)
"""What reading a damaged pickle raises, depending on where it is damaged."""
_SILENT: Final = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
"""With these the libraries of models tell nobody what they are used for; onnxruntime and the hub's library do by default."""
_TENSOR_KEYS: Final = ("state_dict", "state", "model")
"""Under which of its entries a checkpoint may keep the tensors."""


def extra(module: str, name: str) -> ModuleType:
    """Return the imported ``module`` of an optional part of sda.

    Args:
        module: import name, such as ``demucs.hf``.
        name: the optional part that brings it: ``separation``, ``labels``, ``aesthetics``, ``beats``, ``captions``.

    Unless the user has said otherwise, the libraries are kept from reporting their use to anybody.

    Raises:
        EnvironmentFault: it is not installed, or is broken.
    """
    for variable, value in _SILENT.items():
        os.environ.setdefault(variable, value)
    try:
        return importlib.import_module(module)
    except (ImportError, OSError, RuntimeError, AttributeError, ValueError) as error:
        top = module.partition(".")[0]
        absent = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == top
        raise EnvironmentFault(
            f"The optional part {name} of sda is not {'installed' if absent else 'usable'}.",
            f"It brings the package {top}: {error}.",
            f'Run `uv sync --extra {name}` in a copy of the repository, or `pip install "small-dataset-audio[{name}]"`.',
        ) from error


def state_dict(path: Path, *, classes: Sequence[type] = ()) -> "dict[str, Tensor]":
    """Return the tensors of a safetensors file or a PyTorch checkpoint, on the CPU, by name.

    A checkpoint that keeps them under ``state_dict``, ``state`` or ``model`` is looked into.

    Args:
        path: the file.
        classes: as of `checkpoint`.

    Raises:
        ModelError: the file holds code, is damaged, or holds something else.
        MissingWeights: it is not there.
    """
    content = checkpoint(path, classes=classes)
    inner = (content[key] for key in _TENSOR_KEYS if isinstance(content.get(key), Mapping))
    content = next(inner, content)
    torch = import_torch()
    tensors = {name: value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise ModelError(
            f"{path.name} holds no weights.",
            "It can be read, but no tensor is in it.",
            f"Fetch it again (`sda models pull`), or look where {path} came from.",
        )
    return tensors


def checkpoint(path: Path, *, classes: Sequence[type] = ()) -> Mapping[str, Any]:
    """Return all that a safetensors file or a PyTorch checkpoint holds, on the CPU: tensors, numbers and texts by name.

    Args:
        path: the file.
        classes: harmless classes that a checkpoint may name beyond those, such as that of its network. Whatever their
            constructors can do, a file can make them do: never functions, nor classes that open files.

    Raises:
        ModelError: the file holds code, is damaged, or holds something else.
        MissingWeights: it is not there.
    """
    try:
        kind = _kind(path)
    except FileNotFoundError as error:
        raise _absent(path) from error
    except OSError as error:
        raise store_error("read", path, error) from error
    if kind == "safetensors":
        return _safetensors(path)
    if kind == "pickle":
        return _pickled(path, classes)
    raise ModelError(
        f"{path.name} is not a file of weights that sda can open.",
        "It is neither safetensors nor a PyTorch checkpoint.",
        f"Look at {path}: a web page saved under that name, or half a download, would be of this kind.",
    )


def _kind(path: Path) -> str | None:
    """Return ``safetensors`` or ``pickle`` by content, None where it is neither."""
    with open_file(path) as file:
        start = file.read(_HEADER_START)
        size = file.seek(0, 2)
    header = int.from_bytes(start[:8], "little")
    if len(start) == _HEADER_START and start[8:] == b"{" and header <= min(_LONGEST_HEADER, size - 8):
        return "safetensors"
    if start[:2] == b"\x80\x02" or zipfile.is_zipfile(path):
        return "pickle"
    return None


def _safetensors(path: Path) -> Mapping[str, Any]:
    import_torch()
    damage = extra("safetensors", "separation").SafetensorError
    try:
        tensors: dict[str, Any] = extra("safetensors.torch", "separation").load_file(path, device="cpu")
    except (damage, ValueError, RuntimeError, OSError) as error:
        raise _damaged(path, error) from error
    return tensors


def _pickled(path: Path, classes: Sequence[type]) -> Mapping[str, Any]:
    torch = import_torch()
    try:
        with torch.serialization.safe_globals(list(classes)):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(path, error) from error
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    if not isinstance(content, Mapping):
        raise _damaged(path, TypeError(f"it holds a {type(content).__name__}, not tensors by name"))
    return content


def _absent(path: Path) -> MissingWeights:
    return MissingWeights(
        f"The weights {path} are not there.",
        "They were not fetched yet, or were moved away.",
        "`sda models list` shows what is installed, and `sda models pull NAME` fetches.",
    )


def _damaged(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"The weights {path.name} are damaged, or are something else.",
        f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
        f"Run `sda models verify`, or delete {path} and fetch it again with `sda models pull`.",
    )


def _refused(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"The weights {path.name} were not opened: they hold more than numbers.",
        f"A checkpoint of this kind can run programs while it is loaded ({' '.join(str(error).split())[:160]}).",
        "Convert it to safetensors on a machine that has nothing to lose; the documents on models show how.",
    )


def onnx_session(path: Path, device: str = "cpu", *, threads: int = 1) -> "InferenceSession":
    """Return an ONNX network ready to run on ``device``, on the CPU where nothing else can run it (with a warning).

    Args:
        path: the ``.onnx`` file.
        device: ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        threads: processor threads for one network: several workers run at the same time.

    Raises:
        EnvironmentFault: onnxruntime is not installed.
        MissingWeights: the file is not there.
        ModelError: it is no ONNX network, or a damaged one.
    """
    runtime = extra("onnxruntime", "labels")
    if not path.is_file():
        raise _absent(path)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    failures = runtime.capi.onnxruntime_pybind11_state
    wanted = _providers(runtime, device)
    try:
        session: InferenceSession = runtime.InferenceSession(str(path), options, providers=wanted)
    except (failures.Fail, failures.InvalidProtobuf, failures.InvalidGraph, failures.InvalidArgument) as error:
        raise _damaged(path, error) from error
    if device != "cpu" and session.get_providers() == [_CPU_PROVIDER]:
        logger.warning(
            "onnxruntime cannot use %s here, so %s runs on the CPU: its builds for CUDA, ROCm and Core ML are packages "
            "of their own, and need the matching libraries.",
            device,
            path.name,
        )
    return session


def _providers(runtime: ModuleType, device: str) -> list[Any]:
    """Return what onnxruntime shall try, the best first, the CPU last."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return [_CPU_PROVIDER]
    available = runtime.get_available_providers()
    found = [name for name in _PROVIDERS.get(kind, ()) if name in available]
    options = {"device_id": number} if number else {}
    return [*((name, options) if options else name for name in found), _CPU_PROVIDER]
