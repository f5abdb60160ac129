"""What a check found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from small_dataset_audio.dataset.similar.pairs import Similar

Severity = Literal["note", "warn", "fail"]
SEVERITIES: Final[tuple[Severity, ...]] = ("fail", "warn", "note")
"""The worst first."""


@dataclass(frozen=True)
class Finding:
    """One thing that hurts, or may hurt.

    Attributes:
        check: the check that found it.
        severity: ``fail``: training on it does harm, or fails; ``warn``: it is wrong, or probably not meant; ``note``: to know.
        track: the name of the track or crop; "" for the library as a whole.
        file: what it was found in; None where that is no file.
        what: a sentence.
        evidence: the numbers behind it.
        fix: what to do.
    """

    check: str
    severity: Severity
    track: str
    file: Path | None
    what: str
    evidence: Mapping[str, Any]
    fix: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "check": self.check,
            "severity": self.severity,
            "track": self.track,
            "file": None if self.file is None else str(self.file),
            "what": self.what,
            "evidence": dict(self.evidence),
            "fix": self.fix,
        }


@dataclass(frozen=True)
class Findings:
    """What all checks found in a library.

    Attributes:
        library: the folder.
        tracks: how many there are.
        checks: the checks that were made, in order.
        found: the findings, by check, the worst first.
        similar: which tracks are not independent; None where that was not looked at.
        trainer: file -> what the trainer's loader does with it; empty where that was not looked at.
    """

    library: Path
    tracks: int
    checks: tuple[str, ...]
    found: tuple[Finding, ...]
    similar: Similar | None = None
    trainer: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def effective_size(self) -> str | None:
        """How many tracks there are, and how many of them are independent, in words; None where that is not known."""
        if self.similar is None:
            return None
        return f"{self.tracks} track{'' if self.tracks == 1 else 's'}, {self.similar.independent} independent"

    def count(self, severity: Severity) -> int:
        """Return how many findings there are of a severity."""
        return sum(one.severity == severity for one in self.found)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON of ``sda lint``."""
        similar = self.similar
        return {
            "library": str(self.library),
            "tracks": self.tracks,
            "independent": None if similar is None else similar.independent,
            "effective_size": self.effective_size,
            "checks": list(self.checks),
            "counts": {severity: self.count(severity) for severity in SEVERITIES},
            "findings": [one.as_dict() for one in self.found],
            "pairs": [] if similar is None else [pair.as_dict() for pair in similar.pairs],
            "groups": [] if similar is None else [sorted(group) for group in similar.groups if len(group) > 1],
            "trainer": [dict(one) for one in self.trainer],
        }
