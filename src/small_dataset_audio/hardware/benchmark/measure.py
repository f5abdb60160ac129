"""The whole measurement of one device: search, throughput, rates; what comes out is a `Profile`."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from small_dataset_audio import __version__
from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.benchmark.machine import Opened
from small_dataset_audio.hardware.benchmark.probe import ProbeResult
from small_dataset_audio.hardware.benchmark.prober import Clocked, Prober, step_time
from small_dataset_audio.hardware.benchmark.profile import FORMAT, UNITS, Profile, knee, points_of
from small_dataset_audio.hardware.benchmark.rates import Rates, decode_rate, device_rates, disk_rate
from small_dataset_audio.hardware.benchmark.report.words import BOUNDS
from small_dataset_audio.hardware.benchmark.search import Found, search
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.benchmark.watchdog import resident_memory
from small_dataset_audio.hardware.benchmark.workloads import workload
from small_dataset_audio.hardware.memory import GIB, host_memory
from small_dataset_audio.hardware.oom import advice

PROCESSES: Final = {"cpu": 5}
"""Child processes in all, the one that measures the rates included."""
PROCESSES_OF_ACCELERATORS: Final = 6

_RESERVE: Final = {True: 3.0, False: 8.0}
"""Seconds that are kept for the rates, in a quick run and in a full one."""
_LEAST_SEARCH: Final = {True: 6.0, False: 30.0}
"""Seconds that the search has in any case, also where it took long to start torch."""
_CURVE_PART: Final = 0.6
"""One more point of the throughput curve may take this part of the time that is left."""


def measure(machine: Opened, setup: Setup) -> Profile:
    """Return the profile of a device.

    Raises:
        DeviceError: the device fails in training, and not for want of memory.
    """
    around = machine.around
    deadline = machine.began + setup.allowed_seconds
    search_until = max(deadline - _RESERVE[setup.quick], monotonic() + _LEAST_SEARCH[setup.quick])
    prober = machine.prober(setup, search_until)
    found = _search(machine, setup, prober, search_until)
    if found.batch is not None:
        around.say(f"Largest batch: {found.batch} ({BOUNDS[found.bound]}). Measuring throughput and rates …")
        _fill_curve(prober, found.batch, search_until)
    rates = Rates()
    device_rates(machine, rates, quick=setup.quick, deadline=deadline)
    machine.nursery.close()
    disk_rate(around.data, rates, quick=setup.quick)
    decode_rate(around.decode, rates, quick=setup.quick)
    return _profile(machine, setup, prober, found, rates)


def _search(machine: Opened, setup: Setup, prober: Prober, deadline: float) -> Found:
    allowed = PROCESSES.get(machine.target.kind, PROCESSES_OF_ACCELERATORS) - 1
    machine.around.say(f"Searching the largest batch of {setup.seconds:g} s examples …")
    starts = [] if machine.nursery.forks else [machine.start_seconds]
    prober.start_seconds.extend(starts)
    found = search(prober, ceiling=setup.max_batch, processes=allowed, pace=Clocked(deadline, prober.start_seconds))
    _raise_if_broken(found.results, machine.target.device)
    return found


def _raise_if_broken(results: Sequence[ProbeResult], device: str) -> None:
    """Raise an error if the device failed where memory cannot be the reason.

    Raises:
        DeviceError: it failed or hung with one example, or with a batch that it had managed before.
    """
    managed = max((result.batch for result in results if result.fits), default=0)
    for result in results:
        if result.ended in {"error", "timeout"} and result.batch <= max(managed, 1):
            when = f"with a batch of {result.batch}" + (", which it had managed before" if managed else "")
            raise DeviceError(
                f"The device {device} failed in training {when}.",
                f"{result.reason}.",
                "Run `sda doctor`; restart the machine or update its driver; try --precision fp32 or --device cpu.",
            )


def _fill_curve(prober: Prober, largest: int, deadline: float) -> None:
    """Measure throughput at the powers of two up to ``largest`` that the search left out, as far as time allows."""
    known = {result.batch for result in prober.results if result.fits}
    batch = 1
    while batch <= largest:
        expected = step_time(prober.results, batch)
        if batch not in known and expected is not None and 2 * expected < _CURVE_PART * (deadline - monotonic()):
            prober(batch, fresh=False)
        batch *= 2


def _profile(machine: Opened, setup: Setup, prober: Prober, found: Found, rates: Rates) -> Profile:
    trained = workload(setup.workload)
    points = points_of(prober.results, setup, found.batch)
    return Profile(
        {
            "format": FORMAT,
            "version": __version__,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(monotonic() - machine.began, 1),
            "fingerprint": dict(machine.fingerprint),
            "device": dict(machine.device),
            "settings": setup.as_dict(),
            "workload": {
                "summary": trained.summary,
                "parameters": trained.parameters(setup.channels),
                "flops_per_example": trained.flops(setup.channels, setup.samples),
            },
            "max_batch_size": found.batch,
            "best_batch_size": knee(points),
            "limited_by": found.bound,
            "reason": None if found.batch is not None else _why_nothing_fits(found),
            "advice": None if found.batch is not None else _advice(machine),
            "projected_batch_size": found.projected,
            "memory": _memory(machine, prober, found, rates),
            "throughput": [point.as_dict() for point in points],
            "probes": [result.as_dict() for result in prober.results],
            "processes": prober.processes + 1,
            "rates": {
                name: {**rates.measured[name].as_dict(), "unit": unit}
                for name, unit in UNITS.items()
                if name in rates.measured
            },
            "absent": {name: rates.absent[name] for name in UNITS if name in rates.absent},
            "verified": None,
        }
    )


def _advice(machine: Opened) -> str:
    limit = machine.around.limit_bytes
    return advice(machine.target.device, limit_gb=None if limit is None else limit / GIB)


def _why_nothing_fits(found: Found) -> str:
    said = found.results[-1].reason if found.results else None
    return f"Not even one example fits: {said or 'it would go into the headroom'}."


def _memory(machine: Opened, prober: Prober, found: Found, rates: Rates) -> dict[str, Any]:
    """Return what is known of memory: what was free, the budget, and how it is used up."""
    peaks = {r.batch: r.peak_bytes for r in found.results if r.ended == "ok" and r.peak_bytes is not None}
    known = sorted(peaks.items())
    slope = (known[-1][1] - known[0][1]) // (known[-1][0] - known[0][0]) if len(known) > 1 else None
    memory = host_memory()
    on_device = machine.target.kind != "cpu"
    return {
        "of": "device" if on_device else "host",
        "free_bytes": prober.free_bytes if on_device else machine.budget.free_bytes,
        "budget_bytes": prober.budget_bytes or machine.budget.host_bytes,
        "bytes_per_example": slope,
        "limit": memory.limit,
        "limited_by": memory.limited_by,
        "free_after_bytes": rates.free_bytes if on_device else host_memory(address_space=lambda: None).free,
        "process_bytes": resident_memory(os.getpid()),
    }
