"""One recording cut into crops: what the stage crop does to a track, and ``sda crop`` to any recording."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final

import numpy as np

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.crops import Crops
from small_dataset_audio.dataset.crops.build import Crop, Record, Source, crop_of
from small_dataset_audio.dataset.crops.inherit import BEATS, DOWNBEATS, Times
from small_dataset_audio.dataset.crops.origin import Origin
from small_dataset_audio.dataset.crops.places import crop_name
from small_dataset_audio.dataset.crops.plan import FOUR, LEAST_SHARE, Rules, Span, beat_aligned, covered, sequential
from small_dataset_audio.dataset.crops.sound import WaveCrossings, peak_dbfs
from small_dataset_audio.dataset.crops.steady import steadied
from small_dataset_audio.dataset.crops.store import Stored, store_crops
from small_dataset_audio.dataset.layout import MIX, Track

NOT_ANALYZED: Final = "{} has not been analyzed, so its beats are not known and its crops are not aligned to them: run the stage analyze first."
NO_DOWNBEATS: Final = "{} has no downbeats, so its crops are not aligned to any: they all have the same length."
_LEAST_DOWNBEATS: Final = 2


@dataclass(frozen=True)
class Recording:
    """What is to be cut.

    Attributes:
        track: where the crops go.
        clip: the decoded mix.
        mix: its file.
        sha256: its content hash.
        stems: stem -> its file, and how it is decoded.
        stem_sha256: stem -> its content hash.
        times: suffix -> seconds (`inherit.known_times`).
        timed: the times are known, even if there are none.
        values: what crops inherit.
    """

    track: Track
    clip: Clip
    mix: Source
    sha256: str
    stems: Mapping[str, Source]
    stem_sha256: Mapping[str, str]
    times: Mapping[str, Times]
    timed: bool
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Cut:
    """What became of a recording.

    Attributes:
        stored: its crops.
        silent: how many were left out because nothing is to be heard in them.
        left_out: seconds of the recording that lie in no crop, silent ones not counted among them.
        aligned: whether crops were cut on downbeats.
        warnings: sentences for the user.
    """

    stored: Stored
    silent: int
    left_out: float
    aligned: bool
    warnings: tuple[str, ...]

    def notes(self) -> dict[str, object]:
        """Return what is kept of it in ``.INFO``."""
        return {
            "crops": len(self.stored.crops),
            "silent": self.silent,
            "left_out_seconds": round(self.left_out, 3),
            "aligned": self.aligned,
        }


def rules_of(crops: Crops, rate: int) -> Rules:
    """Return how long the crops of a recording of that rate are."""
    target = round(crops.seconds * rate) if crops.samples is None else crops.samples
    return Rules(target, rate, crops.overlap, crops.four_bars)


def cut(recording: Recording, settings: Crops, record: Record, *, force: bool) -> Cut:
    """Return what became of a recording, whose crops are on the disk then.

    Raises:
        SdaError: as of `store_crops`.
    """
    clip, name = recording.clip, recording.track.name
    rules = rules_of(settings, clip.rate)
    warnings: list[str] = []
    downbeats = _downbeats(recording, settings, warnings)
    length = clip.samples.shape[1]
    crossings = WaveCrossings(clip.samples)
    spans = (
        sequential(length, rules, crossings) if downbeats is None else beat_aligned(length, downbeats, rules, crossings)
    )
    audible = [span for span in spans if peak_dbfs(clip.samples, span) > settings.silence_dbfs]
    if silent := len(spans) - len(audible):
        many = f"{silent} crops of {name} are" if silent > 1 else f"One crop of {name} is"
        warnings.append(f"{many} silent (nothing above {settings.silence_dbfs:g} dBFS) and left out.")
    crops = [_crop(recording, span, number, settings.fade_ms) for number, span in _numbered(spans, audible)]
    sources = {MIX: recording.mix, **recording.stems}
    stored = store_crops(recording.track, crops, sources, recording.values, record, force=force)
    why = None if spans else _why_none(length, rules, downbeats)
    warnings += _of_stored(name, stored, why)
    return Cut(stored, silent, (length - covered(spans)) / clip.rate, downbeats is not None, tuple(warnings))


def _numbered(spans: Sequence[Span], audible: Collection[Span]) -> list[tuple[int, Span]]:
    """Return the audible ones with their numbers; silent ones keep theirs, so that a gap shows where they were."""
    return [(number, span) for number, span in enumerate(spans, 1) if span in audible]


def _crop(recording: Recording, span: Span, number: int, fade_ms: float) -> Crop:
    origin = Origin(
        track=recording.track.name,
        source=recording.mix.path.name,
        source_sha256=recording.sha256,
        rate=recording.clip.rate,
        source_samples=recording.clip.samples.shape[1],
        start=span.start,
        stop=span.stop,
        fade_ms=fade_ms,
        stems=recording.stem_sha256,
        timed=recording.timed,
    )
    return crop_of(crop_name(recording.track, number), span, origin, recording.times)


def _downbeats(recording: Recording, settings: Crops, warnings: list[str]) -> list[int] | None:
    """Return where the bars begin, in samples; None where crops are not to be, or cannot be aligned to them."""
    if not settings.beat_aligned:
        return None
    downbeats = recording.times.get(DOWNBEATS, np.empty(0))
    if downbeats.size < _LEAST_DOWNBEATS:
        warnings.append((NO_DOWNBEATS if recording.timed else NOT_ANALYZED).format(recording.track.name))
        return None
    steady = steadied(downbeats, recording.times.get(BEATS, np.empty(0)))
    return [round(seconds * recording.clip.rate) for seconds in steady.tolist()]


def _why_none(length: int, rules: Rules, downbeats: Sequence[int] | None) -> str:
    """Return why there is nothing to cut, and what to do about it."""
    seconds = length / rules.rate
    least, most = rules.least / rules.rate, rules.target / rules.rate
    if length < rules.least or downbeats is None:
        return (
            f"it lasts {seconds:.1f} s, and a crop no less than {least:.1f} s "
            f"({LEAST_SHARE:.0%} of {most:.1f} s). A lower crops.seconds includes it."
        )
    bar = median(float(after - before) for before, after in pairwise(downbeats)) / rules.rate
    return (
        f"no number of bars that is divisible by four lasts {least:.1f} s to {most:.1f} s there, where "
        f"a bar lasts {bar:.2f} s. {_fitting(bar, most)}"
    )


def _fitting(bar: float, most: float) -> str:
    """Return what to set instead of ``most`` seconds, for a bar of so many seconds."""
    fours = max(1, round(most / (FOUR * bar)))
    return f"With crops.seconds = {FOUR * fours * bar * 1.02:.1f} crops have {FOUR * fours} bars."


def _of_stored(name: str, stored: Stored, why_none: str | None) -> list[str]:
    """Return what the user is to know of what is on the disk; ``why_none`` says why nothing is to be cut."""
    said = []
    if stored.stale and why_none is not None:
        several = len(stored.stale) > 1
        crops, stay = (f"{len(stored.stale)} crops", "stay as they are") if several else ("One crop", "stays as it is")
        said.append(f"{crops} of {name} from an earlier run {stay}; none would be cut now: {why_none}")
    elif why_none is not None:
        said.append(f"{name} has no crops: {why_none}")
    elif stored.stale:
        many = f"{len(stored.stale)} crops of {name} were" if len(stored.stale) > 1 else f"One crop of {name} was"
        said.append(
            f"{many} cut from another recording or other stems, on other beats or with other settings; "
            "the crops stay as they are, and none was added. `sda crop --force` makes them anew."
        )
    if stored.clipped:
        said.append(
            f"{stored.clipped} samples in the crops of {name} were beyond full scale, which FLAC does not hold, and were "
            "clipped. Turn the recording down to avoid that."
        )
    return said
