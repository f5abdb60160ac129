"""Out of memory: recognised on every backend, and recovered from."""

import errno
import gc
import weakref
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.errors import EXIT_FAILED, DeviceError
from small_dataset_audio.hardware import oom
from small_dataset_audio.hardware.oom import GrowthWatch, OutOfMemory, guard, is_out_of_memory, release_memory
from support.benchmark_messages import OTHER_MESSAGES, OUT_OF_MEMORY

MIB = 2**20


class OutOfMemoryError(RuntimeError):
    """Stands for torch.OutOfMemoryError, which is known by its name."""


@pytest.mark.parametrize("message", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
def test_every_backend_is_understood(message: str) -> None:
    assert is_out_of_memory(RuntimeError(message))


@pytest.mark.parametrize("message", OTHER_MESSAGES)
def test_other_failures_are_not_taken_for_it(message: str) -> None:
    assert not is_out_of_memory(RuntimeError(message))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OutOfMemoryError("whatever the next version says"), True),
        (MemoryError(), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (OSError(errno.ENOENT, "No such file", "Out of memory.wav"), False),
        (FileNotFoundError("out of memory.flac"), False),
        (ValueError("out of memory"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_types_count_as_much_as_words(error: BaseException, expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_out_of_memory(error) is expected


def test_numpy_runs_out_too() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty(2**59, dtype=np.float64)
    assert is_out_of_memory(caught.value)


def test_the_guard_tells_what_happened_and_what_to_do() -> None:
    with pytest.raises(OutOfMemory) as caught, guard("separating My Track", device="cuda:0", batch=16, fits=6):
        raise RuntimeError(OUT_OF_MEMORY["cuda"])
    error = caught.value
    assert isinstance(error, DeviceError)
    assert error.exit_status == EXIT_FAILED
    assert error.what == "Memory ran out while separating My Track."
    assert error.why.startswith("The device cuda:0 has not enough of it free: CUDA out of memory. Tried to allocate")
    assert error.fix.startswith("Reduce the batch from 16 to 6, or close other applications that use the GPU")
    assert "--device cpu" in error.fix
    assert error.__suppress_context__


def test_the_guard_lets_other_errors_and_results_pass() -> None:
    with guard("nothing"):
        result = 3
    assert result == 3
    with pytest.raises(RuntimeError, match="illegal"), guard("nothing"):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    with pytest.raises(ValueError, match="unrelated"), guard("nothing"):
        raise ValueError("unrelated")


class Tensor:
    """Something that takes memory."""


def test_what_the_failed_work_held_is_free_before_caches_are_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor that hangs on the traceback cannot be freed, however often caches are emptied."""
    held: list[weakref.ref[Tensor]] = []
    alive: list[bool] = []
    monkeypatch.setattr(oom, "release_memory", lambda: alive.append(held[0]() is not None))

    def forward() -> None:
        tensor = Tensor()
        held.append(weakref.ref(tensor))
        try:
            raise RuntimeError("CUDA error: out of memory")  # noqa: TRY301 - the cause of the next
        except RuntimeError as error:
            raise RuntimeError("HIP out of memory. Tried to allocate 1 GiB") from error

    @guard("training", device="cuda:0")
    def work() -> None:
        forward()

    gc.disable()  # it must not depend on the collector
    try:
        with pytest.raises(OutOfMemory):
            work()
    finally:
        gc.enable()
    assert alive == [False]


def test_the_decorator_frees_the_variables_of_the_function_itself() -> None:
    held: list[weakref.ref[Tensor]] = []

    @guard("training")
    def work() -> None:
        batch = Tensor()
        held.append(weakref.ref(batch))
        raise MemoryError

    for _ in range(2):  # it can be called again
        with pytest.raises(OutOfMemory) as caught:
            work()
        assert caught.value.why == "The computer has not enough of it free: MemoryError."
        assert held.pop()() is None


def test_causes_in_a_circle_do_not_hang() -> None:
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__context__, second.__cause__ = second, first
    oom.let_go(first)
    assert first.__traceback__ is None


@pytest.mark.parametrize(
    ("device", "batch", "fits", "said", "expected"),
    [
        ("cpu", None, None, "", "Close other programs, or run fewer workers (--workers 1)."),
        ("cpu", 1, None, "", "Close other programs, or run fewer workers (--workers 1)."),
        ("cpu", 9, None, "", "Reduce the batch from 9 to 4, or close"),
        ("cpu", 9, 9, "", "Reduce the batch from 9 to 4, or close"),
        ("cpu", 9, 7, "", "Reduce the batch from 9 to 7, or close"),
        ("mps", None, None, "", "Close other applications that use the GPU, or use --device cpu, which is slower."),
        ("cuda:0", None, None, "and 3.50 GiB is reserved by PyTorch but unallocated.", "expandable_segments:True"),
        ("cuda:0", None, None, "and 600.00 MiB is reserved by PyTorch but unallocated.", "expandable_segments:True"),
    ],
)
def test_advice_fits_the_place(device: str, batch: int | None, fits: int | None, said: str, expected: str) -> None:
    assert expected in oom.advice(device, batch=batch, fits=fits, said=said)


def test_small_pieces_are_not_worth_a_word() -> None:
    said = "and 54.99 MiB is reserved by PyTorch but unallocated."
    assert "expandable" not in oom.advice("cuda:0", said=said)


def played_torch(*, cuda: bool = False, mps: bool = False, held: int = 0, broken: bool = False) -> ModuleType:
    torch = ModuleType("torch")
    done: list[str] = []

    def step(name: str) -> Callable[[], None]:
        def act() -> None:
            if broken:
                raise RuntimeError("CUDA error: unspecified launch failure")
            done.append(name)

        return act

    vars(torch).update(
        done=done,
        cuda=SimpleNamespace(
            is_initialized=lambda: cuda, synchronize=step("cuda sync"), empty_cache=step("cuda empty")
        ),
        mps=SimpleNamespace(
            driver_allocated_memory=lambda: held, synchronize=step("mps sync"), empty_cache=step("mps empty")
        ),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
    )
    return torch


@pytest.mark.parametrize(
    ("torch", "expected"),
    [
        (played_torch(), []),
        (played_torch(mps=True), []),
        (played_torch(cuda=True), ["cuda sync", "cuda empty"]),
        (played_torch(mps=True, held=MIB), ["mps sync", "mps empty"]),
        (played_torch(cuda=True, broken=True), []),
    ],
)
def test_caches_are_emptied_only_on_a_device_in_use(torch: ModuleType, expected: list[str]) -> None:
    release_memory(torch)
    assert torch.done == expected


def test_torch_is_not_imported_to_empty_its_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(oom.sys.modules, "torch", None)  # type: ignore[attr-defined]
    release_memory()


def test_a_c_library_without_trimming_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oom.ctypes, "CDLL", lambda _: SimpleNamespace())  # type: ignore[attr-defined]
    release_memory(played_torch())
    monkeypatch.setattr(oom.sys, "platform", "darwin")  # type: ignore[attr-defined]
    release_memory(played_torch())


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("error: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)", True),
        ("Execution of the command buffer was aborted due to an error: Insufficient Memory", True),
        ("kIOGPUCommandBufferCallbackErrorTimeout", False),
        ("", False),
    ],
)
def test_metal_reports_instead_of_raising(log: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert oom.metal_ran_out(log) is expected


def test_memory_that_keeps_growing_is_told_once_and_again_when_it_goes_on() -> None:
    watch = GrowthWatch("separating tracks", window=4, least=30 * MIB)
    said = [watch.after(100 * MIB * track) for track in range(1, 12)]
    assert [track for track, warning in enumerate(said, 1) if warning] == [4, 7, 10]
    warning = said[3]
    assert warning is not None
    assert "keeps growing while separating tracks: 100 MiB each time" in warning


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=60))
def test_memory_that_falls_now_and_then_is_no_leak(readings: list[int]) -> None:
    watch = GrowthWatch("working", window=4, least=1)
    for index, reading in enumerate(readings):
        warning = watch.after(reading if index % 3 else 0)
        assert warning is None


def test_growth_below_what_matters_is_not_told() -> None:
    watch = GrowthWatch("working", window=3, least=MIB)
    assert [watch.after(kib * 1024) for kib in range(20)] == [None] * 20


def test_a_limit_of_the_settings_can_be_raised() -> None:
    said = oom.advice("cuda:0", batch=8, limit_gb=1.5)
    assert said.startswith(
        "Reduce the batch from 8 to 4, or raise memory_limit_gb in [hardware] of the settings, which"
    )
    with pytest.raises(oom.OutOfMemory) as caught, oom.guard("training", device="cuda:0", limit_gb=2):
        raise MemoryError
    assert "which allows 2 GiB" in caught.value.fix
