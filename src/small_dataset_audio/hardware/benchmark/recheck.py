"""A stored profile against the machine as it is now: one point is run again instead of everything."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from small_dataset_audio.hardware.benchmark.fingerprint import changes
from small_dataset_audio.hardware.benchmark.machine import Opened
from small_dataset_audio.hardware.benchmark.prober import VERIFY_STEPS
from small_dataset_audio.hardware.benchmark.profile import Point, Profile
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.memory import GIB

LONGEST_SECONDS: Final = 6.0
"""The largest batch is run again where its steps take no longer than this together, else the best batch."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """What came of running one point again.

    Attributes:
        batch: the batch that was run.
        ok: the stored batch sizes still hold.
        differs: throughput differs from the stored one by more than the spread of both.
        sentence: what to tell the user.
        point: throughput now, where it could be measured.
    """

    batch: int
    ok: bool
    differs: bool
    sentence: str
    point: Point | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``verified`` in the machine profile."""
        speed = None if self.point is None else self.point.audio_seconds_per_second.as_dict()
        return {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "batch": self.batch,
            "ok": self.ok,
            "differs": self.differs,
            "audio_seconds_per_second": speed,
            "sentence": self.sentence,
        }


def why_measure(stored: Profile | None, machine: Opened, setup: Setup) -> str | None:
    """Return why everything has to be measured, as a sentence, or None where one point of ``stored`` is enough."""
    if stored is None:
        return "There is no profile of this machine yet."
    document = stored.document
    changed = changes(document["fingerprint"], machine.fingerprint)
    if changed:
        more = f" and {len(changed) - 2} more" if len(changed) > 2 else ""  # noqa: PLR2004 - two are named
        return f"The machine has changed since it was measured: {', '.join(changed[:2])}{more}."
    if not setup.answered_by(document["settings"]):
        return "The stored profile was made with other settings."
    if stored.max_batch_size is None or not stored.points:
        return "Nothing fitted when this machine was measured."
    return None


def recheck(machine: Opened, setup: Setup, stored: Profile) -> Recheck:
    """Return whether the batch sizes of ``stored`` still hold, by memory now and by running one of them.

    Args:
        machine: the device, with the fingerprint of the profile.
        setup: what is trained.
        stored: a profile with a largest batch.
    """
    point = _point(stored)
    prober = machine.prober(setup, machine.began + setup.allowed_seconds)
    result = prober(point.batch, fresh=True)
    machine.nursery.close()
    if not result.fits or not result.step_seconds:
        why = result.reason or "its memory goes into the headroom"
        return Recheck(
            point.batch, ok=False, differs=False, sentence=f"A batch of {point.batch} no longer fits: {why}."
        )
    now = Point.of(point.batch, setup.seconds, result.step_seconds)
    budget = prober.budget_bytes if machine.target.kind != "cpu" else machine.budget.host_bytes
    needed = _largest_peak(stored)
    if budget is not None and needed is not None and needed > budget:
        said = f"The largest batch takes {needed / GIB:.1f} GiB, and only {budget / GIB:.1f} GiB may be taken now."
        return Recheck(point.batch, ok=False, differs=False, sentence=said, point=now)
    return _compared(point, now)


def _point(stored: Profile) -> Point:
    """Return the point that is run again."""
    largest = stored.point(stored.max_batch_size or 0)
    if largest is not None and largest.step_seconds.median * VERIFY_STEPS <= LONGEST_SECONDS:
        return largest
    return stored.point(stored.best_batch_size or 0) or stored.points[0]


def _largest_peak(stored: Profile) -> int | None:
    """Return the memory that the largest batch took when it was verified."""
    peaks = [
        int(probe["peak_bytes"])
        for probe in stored.document["probes"]
        if probe["batch"] == stored.max_batch_size and probe["ok"] and probe["peak_bytes"] is not None
    ]
    return max(peaks, default=None)


def _compared(then: Point, now: Point) -> Recheck:
    before, after = then.audio_seconds_per_second, now.audio_seconds_per_second
    differs = abs(after.median - before.median) > max(before.width, after.width)
    said = f"A batch of {now.batch} trains on {after.median:.1f} s of audio per second"
    if not differs:
        return Recheck(now.batch, ok=True, differs=False, sentence=f"{said}, as before.", point=now)
    word = "faster" if after.median > before.median else "slower"
    part = abs(after.median / before.median - 1)
    reason = "other programs, heat or power saving do that" if word == "slower" else "other programs were busy then"
    sentence = (
        f"{said}; when this machine was measured it was {before.median:.1f} ({before.low:.1f} to {before.high:.1f}). "
        f"It is {part:.0%} {word} now: {reason}. "
        "`sda benchmark --force` measures everything again."
    )
    return Recheck(now.batch, ok=True, differs=True, sentence=sentence, point=now)
