"""A first computation on a device, compared with the truth.

A driver that is too old for the card, a broken card or a wrong build often show only when something is computed, and
some of them give wrong numbers instead of an error. So the three kinds of work that audio models are made of are
computed once on the device in single precision and compared with the CPU in double precision.
"""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.hardware.failures import DEVICE_FAILURES, first_line

# TensorFloat-32, which convolutions on NVIDIA cards use by default, rounds its inputs to a mantissa of 10 bits, that is
# by up to 2^-11 = 4.9e-4 (IEEE 754 round to nearest). Four times that still tells a rounding from a fault.
TOLERANCE = 2e-3

_MATRIX = 128
_SAMPLES = 4096
_FILTERS, _TAPS = 8, 9
_WINDOW, _HOP = 512, 128

Tensor = Any
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """What came of computing on a device."""

    device: str
    passed: bool
    reason: str | None = None
    """Why it did not pass, as the end of a sentence."""
    errors: Mapping[str, float] = field(default_factory=dict)
    """Computation -> relative error: the norm of the difference over the norm of the truth."""
    seconds: float = 0.0


def smoke_test(device: str, torch: ModuleType) -> SmokeTest:
    """Return what came of a matmul, a conv1d and an STFT on ``device``, each compared with the CPU.

    The state of torch's random generators is left alone.

    Args:
        device: "cpu", "mps" or "cuda:N".
        torch: the torch module.
    """
    start = time.perf_counter()
    errors: dict[str, float] = {}
    reason: str | None = None
    for name, compute in _COMPUTATIONS.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # notes of backends about fallbacks: the numbers decide
                truth = compute(torch, "cpu", np.float64)
                errors[name] = _relative_error(compute(torch, device, np.float32), truth)
        except DEVICE_FAILURES as error:
            reason = f"its {name} failed: {first_line(error)}"
            break
        if not errors[name] <= TOLERANCE:  # also when it is not a number
            reason = f"its {name} is wrong: it differs from the CPU's by {errors[name]:.2%}"
            break
    return SmokeTest(device, reason is None, reason, errors, time.perf_counter() - start)


def _relative_error(got: Floats, truth: Floats) -> float:
    if got.shape != truth.shape or not np.isfinite(got).all():
        return float("inf")
    return float(np.linalg.norm(got.astype(np.float64) - truth) / np.linalg.norm(truth))


def _chirp(length: int, dtype: type) -> Floats:
    """Return a rising sine ``[shape=(length,)]`` that starts at 0 and never repeats."""
    t = np.arange(length, dtype=np.float64)
    return np.sin(0.02 * t + 0.0003 * t * t).astype(dtype)


def _matmul(torch: ModuleType, device: str, dtype: type) -> Floats:
    values = _chirp(2 * _MATRIX * _MATRIX, dtype).reshape(2, _MATRIX, _MATRIX)
    left, right = (torch.from_numpy(matrix).to(device) for matrix in values)
    return _read(left @ right)


def _conv1d(torch: ModuleType, device: str, dtype: type) -> Floats:
    sound = torch.from_numpy(_chirp(_SAMPLES, dtype).reshape(1, 1, _SAMPLES)).to(device)
    filters = torch.from_numpy(_chirp(_FILTERS * _TAPS, dtype).reshape(_FILTERS, 1, _TAPS)).to(device)
    return _read(torch.nn.functional.conv1d(sound, filters))


def _stft(torch: ModuleType, device: str, dtype: type) -> Floats:
    sound = torch.from_numpy(_chirp(_SAMPLES, dtype)).to(device)
    window = torch.from_numpy(np.hanning(_WINDOW).astype(dtype)).to(device)
    spectrum = torch.stft(sound, n_fft=_WINDOW, hop_length=_HOP, window=window, return_complex=True)
    return _read(torch.view_as_real(spectrum))


def _read(tensor: Tensor) -> Floats:
    """Return a tensor's numbers, once the device has computed them."""
    values: Floats = tensor.cpu().numpy()
    return values


_COMPUTATIONS: dict[str, Callable[[ModuleType, str, type], Floats]] = {
    "matmul": _matmul,
    "conv1d": _conv1d,
    "STFT": _stft,
}
