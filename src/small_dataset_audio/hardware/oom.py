"""Out of memory: recognised on every backend, recovered from in the same way everywhere, and told with a remedy.

    with guard("separating My Track", device="cuda:0", batch=16):
        stems = separate(sound)

What a backend raises when memory runs out has no common type and no common text, so both are looked at. The tensors of
the work that failed hang on the error's traceback; as long as the error is being handled they cannot be freed. So the
error is turned into a sentence first, its frames are cleared, and caches are emptied after the ``except`` block ended.
Nothing is ever moved to another device behind the user's back.

`GrowthWatch` notices memory that is never given back, which long work on Metal is known for.
"""

import ctypes
import errno
import gc
import re
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from types import ModuleType
from typing import Any, Final

from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.failures import first_line

# What the backends say, in small letters. Every line is a message of its own, as seen from a real backend.
_MESSAGES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"out of memory",  # torch on CUDA, HIP, XPU and MPS ("MPS backend out of memory (…"), and the drivers themselves
        r"out_of_memory",  # CUDA_ERROR_OUT_OF_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY
        r"outofmemory",  # hipErrorOutOfMemory, kIOGPUCommandBufferCallbackErrorOutOfMemory
        r"not enough memory",  # torch's CPU allocator on some systems
        r"can't allocate memory|cannot allocate memory|unable to allocate",  # torch's CPU allocator, Linux, numpy
        r"std::bad_alloc",  # C++ libraries below torch
        r"invalid buffer size",  # Metal, when one tensor is larger than the largest buffer
        r"insufficient memory",  # Metal's command queue
        r"cu(blas|solver|fft|sparse|dnn)_(status_)?(alloc_failed|internal_error_host_allocation_failed)",
        r"cublas_status_not_initialized",  # cuBLAS takes its workspace when it is first used
        r"hip(blas|solver|fft|sparse)_(status_)?alloc_failed|rocblas_status_memory_error|miopenstatusallocfailed",
        r"nvml_success == r internal assert failed.*cachingallocator",  # partitions (MIG) of a card: pytorch #112377
        r"hsa_status_error_out_of_resources",
        r"unable to find (a valid|an) (cudnn )?(algorithm|engine)",  # no algorithm whose workspace fits
        r"could not (create|execute) a (memory object|primitive)",  # oneDNN on the CPU
    )
)
_CARRIERS: Final = (RuntimeError, MemoryError, OSError)

_METAL_SAYS: Final = re.compile(r"kiogpucommandbuffercallbackerroroutofmemory|insufficient memory")
_FRAGMENTED: Final = re.compile(r"([\d.]+) (MiB|GiB) is reserved by PyTorch but unallocated")
_FRAGMENTED_FROM_MIB: Final = 512.0


class OutOfMemory(DeviceError):  # noqa: N818 - the name says what happened
    """The device has not enough memory for what was asked of it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on any backend that torch has."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    # Only torch and drivers are judged by their words: in other errors these may come from a file's name.
    return isinstance(error, RuntimeError) and (
        type(error).__name__ == "OutOfMemoryError" or is_out_of_memory_text(str(error))
    )


def is_out_of_memory_text(text: str) -> bool:
    """Return whether a message says that memory ran out."""
    small = text.lower()
    return any(pattern.search(small) for pattern in _MESSAGES)


def metal_ran_out(log: str) -> bool:
    """Return whether Metal reported in a log that memory ran out: often it does that instead of raising an error."""
    return _METAL_SAYS.search(log.lower()) is not None


@contextmanager
def guard(
    doing: str,
    *,
    device: str = "cpu",
    batch: int | None = None,
    fits: int | None = None,
    limit_gb: float | None = None,
) -> Iterator[None]:
    """Turn running out of memory into an error with a remedy, once memory is free again. Also a decorator.

    As a decorator it frees more: all variables of the function that failed are gone by then, while a ``with`` block
    cannot let go of the variables of the function it stands in.

    Args:
        doing: what is being done, as a phrase: "separating My Track".
        device: where: "cpu", "mps" or "cuda:N".
        batch: how many examples are worked on at once, where that can be changed.
        fits: the batch that is known to fit, as ``[hardware] max_batch_size`` says; half of ``batch`` otherwise.
        limit_gb: what the settings allow on the device in GiB, where that was held to (``[hardware] memory_limit_gb``).

    Raises:
        OutOfMemory: memory ran out. Other errors pass through unchanged.
    """
    said: str | None = None
    try:
        yield
    except _CARRIERS as error:
        if not is_out_of_memory(error):
            raise
        said = first_line(error)
        let_go(error)
    if said is not None:
        release_memory()
        raise OutOfMemory(
            f"Memory ran out while {doing}.",
            f"{_place(device)} has not enough of it free: {said}.",
            advice(device, batch=batch, fits=fits, said=said, limit_gb=limit_gb),
        ) from None


def advice(
    device: str,
    *,
    batch: int | None = None,
    fits: int | None = None,
    said: str = "",
    limit_gb: float | None = None,
) -> str:
    """Return what a user can do about memory that ran out, the most promising first.

    Args:
        device: where it ran out.
        batch: how many examples were worked on at once, where that can be changed.
        fits: the batch that is known to fit.
        said: what the backend said.
        limit_gb: what the settings allow, in GiB, where that was held to.
    """
    ways = []
    if batch is not None and batch > 1:
        smaller = fits if fits is not None and fits < batch else batch // 2
        ways.append(f"reduce the batch from {batch} to {smaller}")
    if limit_gb is not None:
        ways.append(f"raise memory_limit_gb in [hardware] of the settings, which allows {limit_gb:g} GiB")
    if device == "cpu":
        ways += ["close other programs", "run fewer workers (--workers 1)"]
    else:
        ways += ["close other applications that use the GPU", "use --device cpu, which is slower"]
    sentence = f"{', or '.join(ways)}."
    split = _FRAGMENTED.search(said)
    if split and float(split[1]) * (1024 if split[2] == "GiB" else 1) >= _FRAGMENTED_FROM_MIB:
        sentence += (
            " Much of it is in pieces: PYTORCH_ALLOC_CONF=expandable_segments:True in the environment joins them."
        )
    return sentence[0].upper() + sentence[1:]


def let_go(error: BaseException) -> None:
    """Empty the frames that an error and its causes hold, so that the tensors in them can be freed."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if one.__traceback__ is not None:
            traceback.clear_frames(one.__traceback__)
        pending += [one.__cause__, one.__context__]
        one.__traceback__ = None


def release_memory(torch: ModuleType | None = None) -> None:
    """Give memory that nothing uses back: to the accelerator's driver, and to the system. Call it between tracks.

    Args:
        torch: the torch module; the one that is imported, if any, when it is not given. It is not imported for this.
    """
    gc.collect()
    torch = sys.modules.get("torch") if torch is None else torch
    if torch is not None:
        with suppress(RuntimeError):  # a device that is gone cannot be emptied, and the reason is told elsewhere
            _empty_caches(torch)
    _trim_heap()


def _empty_caches(torch: ModuleType) -> None:
    """Give back what torch keeps of an accelerator that this process has begun to use; asking must not start one."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available() and torch.mps.driver_allocated_memory() > 0:
        torch.mps.synchronize()
        torch.mps.empty_cache()


def _trim_heap() -> None:
    """Give the free parts of the C heap back to the system (glibc keeps what was freed for later)."""
    if sys.platform == "linux":
        trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl has none, and keeps nothing
            trim(0)


def _place(device: str) -> str:
    return {"cpu": "The computer", "mps": "The Apple GPU"}.get(device, f"The device {device}")


class GrowthWatch:
    """Notices memory that keeps growing over comparable work, such as one track after another.

    Args:
        doing: what is repeated, as a phrase: "separating tracks".
        window: how many readings in a row must each be higher than the one before.
        least: the growth over these readings, in bytes, below which nothing is said.
    """

    def __init__(self, doing: str, *, window: int = 6, least: int = 64 * 2**20) -> None:
        self._doing = doing
        self._least = least
        self._readings: deque[int] = deque(maxlen=window)

    def after(self, held: int) -> str | None:
        """Return a warning if memory has kept growing, after one more piece of work; it is not repeated at once.

        Args:
            held: bytes in use after the work, caches emptied (``torch.mps.current_allocated_memory()``).
        """
        self._readings.append(held)
        readings = list(self._readings)
        rising = all(earlier < later for earlier, later in pairwise(readings))
        grown = readings[-1] - readings[0]
        if len(readings) < (self._readings.maxlen or 0) or not rising or grown < self._least:
            return None
        self._readings.clear()
        self._readings.append(held)
        each = grown / (len(readings) - 1) / 2**20
        return (
            f"Memory on the device keeps growing while {self._doing}: {each:.0f} MiB each time, {held / 2**30:.1f} GiB "
            "by now. If it runs out, run the same command again: what is done stays done."
        )
