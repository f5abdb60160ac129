"""What came of an export."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from small_dataset_audio.dataset.export.conditioning import Conditioning
from small_dataset_audio.dataset.export.items import LeftOut
from small_dataset_audio.dataset.export.ready import Layout, Ready
from small_dataset_audio.dataset.export.split import SPLITS


@dataclass(frozen=True)
class Verified:
    """What was read back from the finished export and found equal to what was to be written.

    Attributes:
        files: recordings, by their content and their length.
        values: values of them.
    """

    files: int
    values: int

    def as_dict(self) -> dict[str, int]:
        """Return its JSON shape."""
        return {"files": self.files, "values": self.values}


@dataclass(frozen=True)
class Exported:
    """One export.

    Attributes:
        output: its folder.
        format: its format.
        layout: how it was laid out.
        ready: its recordings.
        left_out: what is not in it, and why.
        clipped: id -> recordings whose value was outside the range.
        together: groups of songs that stayed in one part because they are nearly the same.
        notes: sentences on what the user should know.
        verified: what was read back.
    """

    output: Path
    format: str
    layout: Layout
    ready: Sequence[Ready]
    left_out: Sequence[LeftOut]
    clipped: Mapping[str, int]
    together: Sequence[Sequence[str]]
    notes: Sequence[str]
    verified: Verified
    splits: Mapping[str, Mapping[str, int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", {split: self._counts(split) for split in SPLITS})

    @property
    def conditioning(self) -> Conditioning:
        """What recordings are conditioned on."""
        return self.layout.conditioning

    @property
    def seconds(self) -> float:
        """How long all recordings last together."""
        return sum(one.placed.seconds for one in self.ready)

    @property
    def failed(self) -> bool:
        """Whether something is wrong with a track or crop, so that it is left out."""
        return any(one.failed for one in self.left_out)

    def _counts(self, split: str) -> dict[str, int]:
        files = [one for one in self.ready if one.split == split]
        return {"files": len(files), "songs": len({one.item.song.name for one in files})}

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        ways = Counter("copied" if one.placed.copied else "converted" for one in self.ready)
        return {
            "output": str(self.output),
            "format": self.format,
            "of": self.layout.of,
            "files": len(self.ready),
            "splits": {split: dict(counts) for split, counts in self.splits.items()},
            "seconds": round(self.seconds, 3),
            "copied": ways["copied"],
            "converted": ways["converted"],
            "kept_together": [list(group) for group in self.together],
            "conditioning": {
                "numbers": self.conditioning.configs(),
                "left_out": [one.as_dict() for one in self.conditioning.lacking],
                "clipped": dict(self.clipped),
            },
            "left_out": [one.as_dict() for one in self.left_out],
            "notes": list(self.notes),
            "verified": self.verified.as_dict(),
        }
