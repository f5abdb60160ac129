"""What one probe says: a batch was tried, and this came of it."""

from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, Protocol

Ended = Literal["ok", "oom", "killed", "timeout", "error"]
"""How a probe ended: every step ran; memory ran out; the process was ended or died; it hung; it failed otherwise."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of training with one batch size."""

    batch: int
    ended: Ended
    fresh: bool
    """Whether it was the first work of a new process."""
    spare_bytes: int | None = None
    """What was left of the memory budget at the peak; negative when it went into the headroom."""
    peak_bytes: int | None = None
    """The most memory that was held, as far as it is known."""
    step_seconds: tuple[float, ...] = ()
    """Of every timed step, warm-up excluded."""
    steps: int = 0
    """All steps that ran, warm-up included."""
    seconds: float = 0.0
    """What the whole probe took."""
    reason: str | None = None
    """Why it did not end well, as a sentence without a full stop."""

    @property
    def fits(self) -> bool:
        """Whether this batch can be trained with the headroom left."""
        return self.ended == "ok" and (self.spare_bytes is None or self.spare_bytes >= 0)

    @property
    def lost(self) -> bool:
        """Whether the process was lost over it, so that the next probe needs a new one."""
        return self.ended in {"killed", "timeout", "error"}

    @property
    def step(self) -> float | None:
        """The median time of one step in seconds."""
        return median(self.step_seconds) if self.step_seconds else None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of one probe in the machine profile."""
        return {
            "batch": self.batch,
            "ok": self.fits,
            "ended": self.ended,
            "fresh": self.fresh,
            "peak_bytes": self.peak_bytes,
            "spare_bytes": self.spare_bytes,
            "step_seconds": self.step,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
        }


class Probe(Protocol):
    """Something that tries a batch."""

    def __call__(self, batch: int, *, fresh: bool) -> ProbeResult:
        """Return what came of ``batch``, tried in a new process when ``fresh``, else in the present one."""
        ...
