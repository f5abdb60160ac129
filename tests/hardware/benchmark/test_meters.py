"""Memory is measured where training takes it, and a line is drawn below what the device has."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from small_dataset_audio.hardware.benchmark.inside import meters
from small_dataset_audio.hardware.benchmark.inside.meters import (
    Allowance,
    CudaMeter,
    HostMeter,
    MetalMeter,
    Usage,
    meter,
    process_memory,
)
from small_dataset_audio.hardware.memory import Memory
from support.benchmark_child import environ
from support.benchmark_torch import Accelerator, accelerated_torch

MIB = 2**20
GIB = 2**30


def allowance(host: int = GIB, limit: int | None = None) -> Allowance:
    return Allowance(host, 0.1, limit)


def test_the_headroom_is_left_and_the_users_limit_is_kept() -> None:
    assert allowance().of(1000) == 900
    assert allowance(limit=500).of(1000) == 500
    assert allowance(limit=5000).of(1000) == 900


def test_each_device_has_its_meter() -> None:
    card = Accelerator(recommended=10)
    assert isinstance(meter("cpu", accelerated_torch(card), allowance()), HostMeter)
    assert isinstance(meter("cuda:0", accelerated_torch(card), allowance()), CudaMeter)
    assert isinstance(meter("mps", accelerated_torch(card, "mps"), allowance()), MetalMeter)


def test_cuda_counts_what_was_reserved_at_most_and_what_libraries_took_beside() -> None:
    card = Accelerator(total=1000, others=150, context=50)
    measuring = CudaMeter(accelerated_torch(card), 0, allowance())
    assert measuring.budget_bytes == measuring.room_bytes == 720
    assert card.fraction == pytest.approx(0.72), "the allocator refuses from there: another program is not put out"
    measuring.begin()
    card.reserved, card.most, card.beside = 300, 600, 20
    measuring.sample()
    assert measuring.end() == Usage(620, 100, None)
    card.reserved = 0
    measuring.begin()
    assert card.emptied == 2
    assert measuring.end() == Usage(20, 700, None)


def test_a_limit_of_the_user_draws_the_line_lower() -> None:
    card = Accelerator(total=1000)
    assert CudaMeter(accelerated_torch(card), 0, allowance(limit=250)).budget_bytes == 250
    assert card.fraction == pytest.approx(0.25)


def test_more_than_the_card_has_is_over_commitment() -> None:
    card = Accelerator(total=1000)
    measuring = CudaMeter(accelerated_torch(card), 0, allowance())
    measuring.begin()
    card.most = 1500
    usage = measuring.end()
    assert usage.spilled == "1500 bytes were handed out on a card of 1000"


def test_memory_that_the_host_loses_is_over_commitment(monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([20 * GIB, 16 * GIB, 20 * GIB, 19 * GIB])
    monkeypatch.setattr(meters, "host_memory", lambda: Memory(24 * GIB, next(free)))
    card = Accelerator(total=8 * GIB)
    measuring = CudaMeter(accelerated_torch(card), 0, allowance())
    measuring.begin()
    card.reserved = 7 * GIB
    said = measuring.end().spilled
    assert said is not None
    assert said.startswith(f"the host lost {4 * GIB} bytes")
    measuring.begin()
    assert measuring.end().spilled is None


def test_metal_is_read_between_phases() -> None:
    card = Accelerator(recommended=1000, driver=100)
    measuring = MetalMeter(accelerated_torch(card, "mps"), allowance())
    assert measuring.room_bytes == 810
    assert measuring.budget_bytes == 910
    assert card.fraction == pytest.approx(0.91)
    measuring.begin()
    for card.driver in (500, 700, 300):
        measuring.sample()
    assert measuring.end() == Usage(700, 210)
    measuring.begin()
    assert measuring.end() == Usage(300, 610)


def test_metal_that_recommends_nothing_has_no_line() -> None:
    card = Accelerator(recommended=0)
    MetalMeter(accelerated_torch(card, "mps"), allowance())
    assert card.fraction is None


def test_the_kernels_numbers_of_this_process() -> None:
    found = process_memory()
    assert found["VmRSS"] > 10 * MIB
    assert found["VmHWM"] >= found["VmRSS"]
    assert found["VmSize"] >= found["VmRSS"]


def test_where_there_is_no_proc_the_highest_resident_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meters, "process_memory", dict)
    measuring = HostMeter(allowance(64 * GIB))
    measuring.begin()
    measuring.sample()
    usage = measuring.end()
    assert usage.peak_bytes == meters._highest_resident() > 10 * MIB
    assert usage.spare_bytes == 64 * GIB - usage.peak_bytes


def test_macos_counts_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    in_kib = meters._highest_resident()
    monkeypatch.setattr(meters.sys, "platform", "darwin")  # type: ignore[attr-defined]
    assert meters._highest_resident() * 1024 == pytest.approx(in_kib, rel=0.2)


def test_no_proc_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert process_memory() == {}


# What follows draws lines for a process of its own: a test process that cannot allocate fails in odd places.

REAL = """
import mmap, sys
from small_dataset_audio.hardware.benchmark.inside.meters import Allowance, HostMeter, process_memory
MIB = 2**20
meter = HostMeter(Allowance(process_memory()["VmRSS"] + 200 * MIB, 0.1))
assert abs(meter.room_bytes - 200 * MIB) < MIB, meter.room_bytes
def take(mib):
    block = mmap.mmap(-1, mib * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, mib * MIB, 4096):
        block[place] = 1
    block.close()
"""


def run(body: str, *, limit: int | None = None) -> str:
    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-c", REAL + body],
        capture_output=True,
        text=True,
        env=environ(),
        check=False,
        preexec_fn=restrict,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


linux = pytest.mark.skipif(sys.platform != "linux", reason="macOS limits no data")


@linux
def test_the_peak_of_the_host_is_that_of_the_work_alone() -> None:
    body = """
for mib in (150, 50, 0):
    meter.begin(); take(mib) if mib else None
    usage = meter.end()
    print(round(usage.spare_bytes / MIB, -1), end=" ")
"""
    assert run(body) == "50.0 150.0 200.0"


@linux
def test_the_kernel_refuses_memory_past_the_budget_and_only_during_the_work() -> None:
    body = """
meter.begin()
try:
    take(300)
except OSError as error:
    print("refused", error.errno, end=" ")
usage = meter.end()
take(300)
print("and after the work allowed")
"""
    assert run(body) == "refused 12 and after the work allowed"


@linux
def test_a_limited_address_space_is_part_of_the_budget() -> None:
    body = """
meter = HostMeter(Allowance(64 * 1024 * MIB, 0.1))
print(meter.room_bytes < 950 * MIB, meter.budget_bytes < 1000 * MIB, end=" ")
meter.begin(); take(100); first = meter.end()
print(abs(meter.budget_bytes - first.peak_bytes - first.spare_bytes) < 20 * MIB)
"""
    assert run(body, limit=GIB) == "True True True"


@linux
def test_a_budget_that_is_used_up_before_it_begins_leaves_no_room() -> None:
    assert run("print(HostMeter(Allowance(MIB, 0.1)).room_bytes)") == "0"


@linux
def test_a_hard_limit_of_the_system_stays() -> None:
    body = """
import resource
resource.setrlimit(resource.RLIMIT_DATA, (900 * MIB, 900 * MIB))
meter.begin()
inside = resource.getrlimit(resource.RLIMIT_DATA)
meter.end()
print(inside[0] < 900 * MIB, inside[1] == 900 * MIB, resource.getrlimit(resource.RLIMIT_DATA)[0] == 900 * MIB)
"""
    assert run(body) == "True True True"
