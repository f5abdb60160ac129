"""Machine profiles that tests need, made as the benchmark makes them but without measuring."""

from collections.abc import Sequence
from typing import Any

from small_dataset_audio.hardware.benchmark.probe import Ended, ProbeResult
from small_dataset_audio.hardware.benchmark.profile import FORMAT, Profile, knee, points_of
from small_dataset_audio.hardware.benchmark.setup import Setup

GIB = 2**30
MIB = 2**20


def probe(
    batch: int,
    step: float | None = None,
    *,
    ended: Ended = "ok",
    fresh: bool = False,
    spare: int | None = 100 * MIB,
    reason: str | None = None,
) -> ProbeResult:
    """Return the result of a probe; its steps vary by 1 %."""
    times = () if step is None else (step * 0.99, step, step * 1.01)
    ok = ended == "ok"
    return ProbeResult(
        batch,
        ended,
        fresh,
        spare if ok else None,
        GIB + 30 * MIB * batch if ok else None,
        times,
        len(times) + 1,
        1.0,
        reason,
    )


def default_probes() -> list[ProbeResult]:
    """Return the probes of a search that memory ended at 24."""
    return [
        probe(1, 0.05, fresh=True),
        probe(2, 0.06),
        probe(4, 0.08),
        probe(8, 0.16),
        probe(16, 0.32),
        probe(24, 0.48, fresh=True),
        probe(25, ended="oom", reason="out of memory"),
    ]


def profile(
    probes: Sequence[ProbeResult] | None = None, setup: Setup | None = None, **changed: object
) -> Profile:  # fmt: skip
    """Return a profile of these probes; ``changed`` replaces parts of its document."""
    setup = Setup() if setup is None else setup
    probes = default_probes() if probes is None else probes
    largest = max((one.batch for one in probes if one.fits and one.fresh), default=None)
    points = points_of(probes, setup, largest)
    rate = {"median": 2.5e11, "low": 2.4e11, "high": 2.6e11, "samples": 5}
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": "0.1.0",
        "made": "2026-01-02T03:04:05+00:00",
        "seconds": 42.0,
        "fingerprint": {
            "id": "0123456789abcdef",
            "system": "Linux",
            "release": "6.1",
            "machine": "x86_64",
            "processor": "A processor",
            "cores": 2,
            "memory_bytes": 24 * GIB,
            "device": "cpu",
            "device_name": "A <processor> & more",
            "device_memory_bytes": None,
            "driver": None,
            "torch": "2.10.0",
            "toolkit": None,
            "python": "3.11.2",
            "measurement": 1,
            "environment": {"OMP_NUM_THREADS": "2"},
        },
        "device": {
            "id": "cpu",
            "kind": "cpu",
            "name": "A <processor> & more",
            "memory": {"total": 24 * GIB, "free": 20 * GIB, "limit": None, "limited_by": None},
            "usable": True,
            "reason": None,
        },
        "settings": setup.as_dict(),
        "workload": {"summary": "training steps", "parameters": 281393, "flops_per_example": 2465280000},
        "max_batch_size": largest,
        "best_batch_size": knee(points),
        "limited_by": "memory",
        "reason": None if largest else "Not even one example fits: out of memory.",
        "advice": None if largest else "Close other programs.",
        "projected_batch_size": 25,
        "memory": {
            "of": "host",
            "free_bytes": 2 * GIB,
            "budget_bytes": 2 * GIB * 9 // 10,
            "bytes_per_example": 30 * MIB,
            "limit": None,
            "limited_by": None,
            "free_after_bytes": 2 * GIB,
            "process_bytes": 30 * MIB,
        },
        "throughput": [point.as_dict() for point in points],
        "probes": [one.as_dict() for one in probes],
        "processes": 3,
        "rates": {
            "matmul_fp32": {**rate, "unit": "FLOP/s"},
            "copy": {**rate, "unit": "B/s"},
            "audio_decode": {"median": 600.0, "low": 590.0, "high": 610.0, "samples": 5, "unit": "s/s"},
        },
        "absent": {"host_to_device": "the CPU works in the host's own memory"},
        "verified": None,
    }
    return Profile({**document, **changed})
