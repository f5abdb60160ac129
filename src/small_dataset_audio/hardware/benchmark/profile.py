"""The machine profile: everything that a benchmark found, as it is stored in ``reports/benchmark.json``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import ensure_folder, read_whole, store_error
from small_dataset_audio.errors import StoreError
from small_dataset_audio.hardware.benchmark.probe import ProbeResult
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.benchmark.spread import Spread
from small_dataset_audio.hardware.memory import GIB
from small_dataset_audio.locks import write_in_turn

FORMAT: Final = 1
FILE: Final = "benchmark.json"
KNEE: Final = 0.95
"""The best batch is the smallest that reaches this part of the best throughput."""

UNITS: Final = {
    "matmul_fp32": "FLOP/s",
    "matmul_tf32": "FLOP/s",
    "matmul_bf16": "FLOP/s",
    "copy": "B/s",
    "host_to_device": "B/s",
    "disk_read": "B/s",
    "audio_decode": "s/s",
}
"""The rates of a profile, with their units: floating-point operations, bytes, or seconds of audio, per second."""


@dataclass(frozen=True, slots=True)
class Point:
    """Throughput at one batch size."""

    batch: int
    step_seconds: Spread
    audio_seconds_per_second: Spread

    @classmethod
    def of(cls, batch: int, seconds: float, times: Sequence[float]) -> "Point":
        """Return the point of a batch of examples of ``seconds`` whose steps took ``times``."""
        return cls(batch, Spread.of(times), Spread.of(batch * seconds / took for took in times))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return {
            "batch": self.batch,
            "step_seconds": self.step_seconds.as_dict(),
            "audio_seconds_per_second": self.audio_seconds_per_second.as_dict(),
        }


@dataclass(frozen=True)
class Profile:
    """What this machine can do for audio training.

    Attributes:
        document: the whole, in the shape of `schema.PROFILE_SCHEMA`.
    """

    document: Mapping[str, Any] = field(repr=False)

    @property
    def max_batch_size(self) -> int | None:
        """The largest batch that was verified."""
        found: int | None = self.document["max_batch_size"]
        return found

    @property
    def best_batch_size(self) -> int | None:
        """The smallest batch with nearly the best throughput."""
        found: int | None = self.document["best_batch_size"]
        return found

    @property
    def memory_limit_gb(self) -> float | None:
        """The budget in GiB, rounded down; None where it is less than the settings can hold."""
        return budget_gb(int(self.document["memory"]["budget_bytes"]))

    @property
    def points(self) -> tuple[Point, ...]:
        """Throughput, by rising batch."""
        return tuple(
            Point(
                int(one["batch"]),
                Spread.from_dict(one["step_seconds"]),
                Spread.from_dict(one["audio_seconds_per_second"]),
            )
            for one in self.document["throughput"]
        )

    def point(self, batch: int) -> Point | None:
        """Return the throughput at ``batch``, if it was measured."""
        return next((point for point in self.points if point.batch == batch), None)

    def rate(self, name: str) -> Spread | None:
        """Return a rate, if it was measured."""
        found = self.document["rates"].get(name)
        return None if found is None else Spread.from_dict(found)

    def with_verified(self, verified: Mapping[str, Any]) -> "Profile":
        """Return the profile with what the latest verification found."""
        return Profile({**self.document, "verified": dict(verified)})

    def save(self, reports: Path) -> Path:
        """Write the profile into the reports folder and return the file.

        Raises:
            StoreError: it cannot be written.
        """
        file = reports / FILE
        ensure_folder(reports)
        write_in_turn(file, (json.dumps(self.document, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))
        return file


def load(reports: Path) -> Profile | None:
    """Return the stored profile, or None where there is none of the present format.

    Raises:
        StoreError: the file is there but cannot be read, or is damaged.
    """
    from small_dataset_audio.hardware.benchmark.report.words import answer  # noqa: PLC0415 - it is made of profiles itself

    file = reports / FILE
    try:
        document = json.loads(read_whole(file))
        if document["format"] != FORMAT:
            return None
        profile = Profile(document)
        _ = (profile.max_batch_size, profile.best_batch_size, profile.memory_limit_gb, profile.points)
        _ = (document["fingerprint"]["id"], dict(document["settings"]), document["rates"])
        answer(profile)  # what cannot be told of it is not there, or is not what it must be
    except FileNotFoundError:
        return None
    except OSError as error:
        raise store_error("read", file, error) from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise StoreError(
            f"{file} is damaged.",
            "It does not hold a machine profile any more.",
            "Measure again with `sda benchmark --force`, which writes it new.",
        ) from error
    return profile


def points_of(results: Sequence[ProbeResult], setup: Setup, largest: int | None) -> list[Point]:
    """Return throughput by rising batch, up to ``largest``: of each batch the probe with the most timed steps."""
    best: dict[int, ProbeResult] = {}
    for result in results:
        if result.fits and result.step_seconds and result.batch <= (largest or 0):
            known = best.get(result.batch)
            if known is None or len(result.step_seconds) >= len(known.step_seconds):
                best[result.batch] = result
    return [Point.of(batch, setup.seconds, best[batch].step_seconds) for batch in sorted(best)]


def knee(points: Sequence[Point]) -> int | None:
    """Return the smallest batch whose throughput is within 5 % of the best, or None without any."""
    best = max((point.audio_seconds_per_second.median for point in points), default=0.0)
    return next((point.batch for point in points if point.audio_seconds_per_second.median >= KNEE * best), None)


def budget_gb(budget_bytes: int) -> float | None:
    """Return a budget in GiB with two decimals, rounded down, or None where that is below what the settings allow."""
    gib = budget_bytes * 100 // GIB / 100
    return gib if gib >= 0.1 else None  # noqa: PLR2004 - the least value of [hardware] memory_limit_gb
