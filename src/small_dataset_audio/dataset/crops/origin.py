"""What a crop knows of where it comes from: the part ``crop`` of ``_sda`` in its ``.INFO``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from small_dataset_audio.dataset.info import read_provenance
from small_dataset_audio.dataset.layout import Track

STAGE: Final = "crop"
"""The stage that cuts; the part of ``_sda`` that says where a crop comes from has its name."""
_MADE: Final = ("track", "source", "bars", "beats", "loop_bpm", "source_samples", "rate", "files")
"""What follows from the rest, or may change without the sound changing."""


@dataclass(frozen=True)
class Origin:
    """Where a crop comes from, and how it was cut.

    Attributes:
        track: the name of its track.
        source: the name of the recording's file.
        source_sha256: the recording's content hash.
        rate: samples per second.
        source_samples: samples of the recording.
        start: the first sample of the crop.
        stop: the one behind its last.
        fade_ms: the fade at both ends.
        stems: stem -> content hash of the file that it was cut from.
        timed: its beats and onsets are those of the track, because the track was analyzed before it was cut.
        bars: whole bars in it; None where one of its ends is no downbeat.
        beats: beats in these bars.
        loop_bpm: the tempo at which so many beats last exactly as long as the crop.
        files: name of each audio file -> its content hash.
    """

    track: str
    source: str
    source_sha256: str
    rate: int
    source_samples: int
    start: int
    stop: int
    fade_ms: float
    stems: Mapping[str, str] = field(default_factory=dict)
    timed: bool = False
    bars: int | None = None
    beats: int | None = None
    loop_bpm: float | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as ``_sda`` holds it: what is not known is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def cut(self) -> dict[str, Any]:
        """Return what its sound depends on: equal for crops that are the same."""
        return {name: value for name, value in asdict(self).items() if name not in _MADE}


def read_origin(crop: Track) -> Origin | None:
    """Return where a crop comes from; None for a folder that sda did not cut.

    Raises:
        UnreadableInfo: its ``.INFO`` file is not the flat JSON it must be.
        StoreError: that cannot be read.
    """
    part = read_provenance(crop.beside("INFO")).get(STAGE)
    return _understood(part) if isinstance(part, dict) else None


def _understood(part: Mapping[str, Any]) -> Origin | None:
    try:
        origin = Origin(**part)
    except TypeError:  # a name is missing, or a newer sda knows more
        return None
    whole = all(isinstance(number, int) for number in (origin.start, origin.stop, origin.rate, origin.source_samples))
    return origin if whole and isinstance(origin.stems, dict) and isinstance(origin.files, dict) else None
