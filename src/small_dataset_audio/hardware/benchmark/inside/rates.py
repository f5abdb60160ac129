"""The rates of a device: multiplication of matrices, copying within it, and copying to it."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from types import ModuleType
from typing import Any, Final

from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.benchmark.inside.training import synchronize
from small_dataset_audio.hardware.benchmark.spread import repeat

_SMALLEST_SIDE: Final = 256
_LARGEST_SIDE: Final = 16384
_MATRICES: Final = 3
_WIDEST: Final = 4
"""Bytes of a number in single precision."""
_LONG_ENOUGH: Final = 0.02
"""A product takes at least this many seconds: the time to start it no longer shows."""
_LARGEST_COPY: Final = 2**29
"""Larger than the caches of present processors, halves included."""
_SMALLEST_COPY: Final = 2**22
_PART_OF_ROOM: Final = 8
_TENSOR_CORES_WITH_TF32: Final = 8
"""The compute capability from which NVIDIA cards have TensorFloat-32."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where rates are measured, and how closely."""

    torch: ModuleType
    device: str
    kind: str
    room_bytes: int
    least: int
    seconds: float


def measure(name: str, bench: Bench) -> list[float]:
    """Return repeated measurements of one rate, per second: operations of products, bytes of copies.

    Raises:
        DeviceError: the device has no such rate; the reason is its ``why``.
        RuntimeError: the device failed.
    """
    return _RATES[name](bench)


def names() -> list[str]:
    """Return the names of the rates, in the order in which they are shown."""
    return list(_RATES)


def _matmul(bench: Bench, dtype: str, precision: str = "highest") -> list[float]:
    before = bench.torch.get_float32_matmul_precision()
    bench.torch.set_float32_matmul_precision(precision)
    try:
        side = _SMALLEST_SIDE
        while True:
            work = _product(bench, side, dtype)
            work()
            began = perf_counter()
            work()
            took = perf_counter() - began
            larger = 2 * side
            room = _MATRICES * larger * larger * _WIDEST <= bench.room_bytes // _PART_OF_ROOM
            if took >= _LONG_ENOUGH or larger > _LARGEST_SIDE or not room:
                break
            side = larger
        return [2 * side**3 / took for took in repeat(work, least=bench.least, seconds=bench.seconds)]
    finally:
        bench.torch.set_float32_matmul_precision(before)


def _product(bench: Bench, side: int, dtype: str) -> Callable[[], None]:
    torch = bench.torch
    left, right = (torch.randn(side, side, device=bench.device, dtype=getattr(torch, dtype)) for _ in range(2))
    out = torch.empty_like(left)
    return _finished(bench, lambda: torch.mm(left, right, out=out))


def _tf32(bench: Bench) -> list[float]:
    if bench.kind != "cuda" or bench.torch.cuda.get_device_capability(bench.device)[0] < _TENSOR_CORES_WITH_TF32:
        raise _absent("only NVIDIA cards from Ampere on have TensorFloat-32")
    return _matmul(bench, "float32", "high")


def _copy(bench: Bench) -> list[float]:
    size = _copy_size(bench)
    source = bench.torch.ones(size, dtype=bench.torch.uint8, device=bench.device)
    target = bench.torch.zeros_like(source)
    work = _finished(bench, lambda: target.copy_(source))
    # Every byte is read once and written once.
    return [2 * size / took for took in repeat(work, least=bench.least, seconds=bench.seconds)]


def _host_to_device(bench: Bench) -> list[float]:
    if bench.device == "cpu":
        raise _absent("the CPU works in the host's own memory")
    size = min(_copy_size(bench), _LARGEST_COPY // 2)
    source = bench.torch.ones(size, dtype=bench.torch.uint8)
    if bench.device != "mps":
        source = source.pin_memory()
    target = bench.torch.zeros(size, dtype=bench.torch.uint8, device=bench.device)
    work = _finished(bench, lambda: target.copy_(source, non_blocking=True))
    return [size / took for took in repeat(work, least=bench.least, seconds=bench.seconds)]


def _copy_size(bench: Bench) -> int:
    size = _LARGEST_COPY
    while size > _SMALLEST_COPY and size > bench.room_bytes // _PART_OF_ROOM:
        size //= 2
    return size


def _finished(bench: Bench, work: Callable[[], Any]) -> Callable[[], None]:
    """Return ``work`` such that it returns when the device has done it."""

    def done() -> None:
        work()
        synchronize(bench.torch, bench.device)

    return done


def _absent(why: str) -> DeviceError:
    return DeviceError("This rate was not measured.", why, "There is nothing to do.")


_RATES: Final[dict[str, Callable[[Bench], list[float]]]] = {
    "matmul_fp32": lambda bench: _matmul(bench, "float32"),
    "matmul_tf32": _tf32,
    "matmul_bf16": lambda bench: _matmul(bench, "bfloat16"),
    "copy": _copy,
    "host_to_device": _host_to_device,
}
