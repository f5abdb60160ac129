"""What is measured, and how long it may take."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from small_dataset_audio.errors import UsageError

Precision = Literal["fp32", "bf16", "fp16"]
_PRECISIONS: Final = get_args(Precision)

RATE: Final = 48000
"""Samples per second of the sound that is trained on."""
FULL_SECONDS: Final = 85.0
QUICK_SECONDS: Final = 16.0
"""The time that the measurements may take; what is not done by then is left out or estimated to stay within it."""
MOST_CHANNELS: Final = 64
LONGEST_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured: the settings of a machine profile.

    Attributes:
        workload: name of the kind of training.
        seconds: length of one example.
        channels: of one example.
        precision: "fp32", or automatic mixed precision with "bf16" or "fp16".
        max_batch: the largest batch to consider.
        headroom: the part of the free memory that must stay free.
        quick: measure less closely, in a fifth of the time.
        time_limit: seconds that the measurements may take; None for the usual.
    """

    workload: str = "autoencoder"
    seconds: float = 1.0
    channels: int = 1
    precision: Precision = "fp32"
    max_batch: int = 4096
    headroom: float = 0.1
    quick: bool = False
    time_limit: float | None = None

    def __post_init__(self) -> None:
        _require("--seconds", self.seconds, self.seconds >= 1 / RATE, f"at least {1 / RATE:.6f} (one sample)")
        _require("--seconds", self.seconds, self.seconds <= LONGEST_SECONDS, f"at most {LONGEST_SECONDS:.0f}")
        _require("--channels", self.channels, 1 <= self.channels <= MOST_CHANNELS, f"from 1 to {MOST_CHANNELS}")
        allowed = f"{', '.join(_PRECISIONS[:-1])} or {_PRECISIONS[-1]}"
        _require("--precision", self.precision, self.precision in _PRECISIONS, allowed)
        _require("--max-batch", self.max_batch, self.max_batch >= 1, "at least 1")
        _require("--headroom", self.headroom, 0 <= self.headroom <= 0.9, "from 0 to 0.9")  # noqa: PLR2004 - as told
        _require("--time-limit", self.time_limit, self.time_limit is None or self.time_limit > 0, "above 0")

    @property
    def samples(self) -> int:
        """The length of one example."""
        return max(1, round(self.seconds * RATE))

    @property
    def allowed_seconds(self) -> float:
        """The time that the measurements may take."""
        return self.time_limit or (QUICK_SECONDS if self.quick else FULL_SECONDS)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of the settings in the machine profile."""
        return {**asdict(self), "rate": RATE, "time_limit": self.allowed_seconds}

    def answered_by(self, stored: Mapping[str, Any]) -> bool:
        """Return whether a measurement with the ``stored`` settings answers what is asked here.

        A full measurement answers a quick question, but not the other way round.
        """
        closer = stored["quick"] or stored["time_limit"] < self.allowed_seconds
        if closer and not self.quick:
            return False
        own = self.as_dict()
        return all(stored.get(name) == own[name] for name in own if name not in {"quick", "time_limit"})


def _require(option: str, value: object, holds: bool, allowed: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise UsageError(
            f"{option} {value} is not possible.",
            f"It must be {allowed}.",
            "Correct it; `sda benchmark --help` lists all.",
        )
