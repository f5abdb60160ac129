"""The rhythm features of a mix and its stems."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import applied, blocks
from small_dataset_audio.features.measured import Measured, Series
from small_dataset_audio.features.rhythm import measures
from small_dataset_audio.features.rhythm.lines import Curve
from small_dataset_audio.features.rhythm.onsets import Onsets, detect
from small_dataset_audio.features.rhythm.spectrum import ANALYSIS_RATE, FRAME, FRAME_RATE, Curves, curves
from small_dataset_audio.features.rhythm.tracker import Beats, track
from small_dataset_audio.features.sound import Family, Sound
from small_dataset_audio.features.spectra import SILENCE_DBFS, Mono, Spectra
from small_dataset_audio.features.steps import averaged, counted

RHYTHM_STEMS: Final = ("bass", "drums", "other")
"""The stems whose rhythm is measured."""
LEAST_SECONDS: Final = 0.5
"""A shorter sound has no rhythm to speak of."""
READ: Final = 256 * FRAME
"""Samples read at a time."""
CANCELLED: Final = 0.1
"""Where the mean of the channels has less than this share of their energy, they cancel, and the loudest is read instead."""

SILENT: Final = "it is silent: no part of it is louder than -60 dBFS"
TOO_SHORT: Final = "it is shorter than 0.5 s, too short for a rhythm"
NO_ONSETS: Final = "it has no onsets"
FEW_ONSETS: Final = "it has fewer than three onsets"
FEW_WINDOWS: Final = "it is shorter than the 6 s that two windows of 4 s take"
NO_WINDOW: Final = "it is shorter than the window of 4 s"
NO_BEATS: Final = "no beats were found: it is too short or has no steady pulse"
NO_BARS: Final = "no bars were found, against which syncopation is measured"

OF_MIX: Final = (
    "bpm",
    "bpm_is_defined",
    "beat_count",
    "beat_regularity",
    "onset_count",
    "onset_density",
    "onset_strength_mean",
    "onset_strength_std",
    "syncopation",
    "on_beat_ratio",
    "ioi_mean",
    "ioi_std",
    "rhythmic_complexity",
    "rhythmic_evenness",
)
OF_STEM: Final = (
    "onset_density_average",
    "onset_density_variance",
    "syncopation",
    "rhythmic_complexity",
    "rhythmic_evenness",
)

Numbers = Mapping[str, float | None]
Reasons = Mapping[str, str]


def measure(sound: Sound, earlier: Measured) -> Measured:  # noqa: ARG001 - the signature of a family
    """Return the rhythm numbers, the times of beats, downbeats and onsets, and how sure beats and tempo are."""
    found = Measured()
    beats: Beats | None = None
    read = _read(sound.mix)
    if isinstance(read, str):
        found.values["bpm_is_defined"] = 0.0
        found.absent.update((name, read) for name in OF_MIX if name != "bpm_is_defined")
    else:
        onsets = detect(read.full)
        beats = _beats(sound, read, onsets)
        _put(found, *_of_onsets(onsets, sound.mix.seconds))
        _put(found, *_of_beats(onsets, beats))
        times = {"beats": beats.times, "downbeats": beats.downbeats, "onsets": onsets.times}
        found.times.update((name, moments) for name, moments in times.items() if moments.size)
        if beats.times.size and sound.given_beats is None:
            found.confidence["beats"] = beats.clarity * beats.certainty
            found.confidence["bpm"] = beats.clarity * beats.tempo_certainty
        if steps := sound.options.timeseries_steps:
            seconds = sound.mix.seconds
            found.series.update((name, counted(moments, seconds, steps)) for name, moments in found.times.items())
            found.series["onset_strength"] = _strength_over_time(read.full, seconds, steps)
    for stem in RHYTHM_STEMS:
        _put(found, *_of_stem(sound, stem, beats))
    return found


def _strength_over_time(envelope: Curve, seconds: float, steps: int) -> Series:
    """Return the mean of the onset envelope in each step, in units of its mean over the file ``[shape=(steps,)]``."""
    edges = (np.arange(envelope.shape[0] + 1) - 0.5) / FRAME_RATE
    relative = envelope / max(float(envelope.mean()), np.finfo(np.float64).tiny)
    return averaged(relative[:, np.newaxis], edges, seconds, steps)[:, 0]


def _read(signal: Spectra) -> Curves | str:
    """Return the curves of ``signal``, or the reason why it has none."""
    if signal.seconds < LEAST_SECONDS:
        return TOO_SHORT
    mono = _audible(signal)
    whole = blocks(mono[: mono.size - mono.size % FRAME], READ)
    return curves(mono) if max(_loudest(block) for _, block in whole) > 10.0 ** (SILENCE_DBFS / 10.0) else SILENT


def _loudest(block: Mono) -> float:
    """Return the highest power of the frames in ``block``."""
    frames = block.reshape(-1, FRAME)
    return float(np.einsum("ij,ij->i", frames, frames, dtype=np.float64).max()) / FRAME


def _audible(signal: Spectra) -> Mono:
    """Return the mean of the channels at `ANALYSIS_RATE`, or the loudest channel where they cancel each other."""
    if signal.channels > 1:
        offsets = signal.offset.channels
        energies = [_energy(channel, offset[0]) for channel, offset in zip(signal.samples, offsets, strict=True)]
        if _energy(signal.mono, np.float32(0.0)) < CANCELLED * np.mean(energies):
            loudest = slice(one := int(np.argmax(energies)), one + 1)
            alone = applied(lambda block: block - offsets[loudest], signal.samples[loudest])
            heard: Mono = resample(alone, signal.rate, ANALYSIS_RATE)[0]
            return heard
    mono = signal.mono_at(ANALYSIS_RATE)
    signal.let_go()  # the families after this one read the channels
    return mono


def _energy(line: Mono, offset: np.float32) -> float:
    """Return the sum of the squared samples, less their ``offset``."""
    parts = (block - offset if offset else block for _, block in blocks(line))
    return sum(float(np.dot(part, part)) for part in parts)


def _beats(sound: Sound, read: Curves, onsets: Onsets) -> Beats:
    """Return the beats that were given from outside, without any certainty, or else those that are tracked here."""
    given = sound.given_beats
    return track(read, onsets) if given is None else Beats(given.times, given.downbeats, 0.0, 0.0, 0.0)


def _of_onsets(onsets: Onsets, seconds: float) -> tuple[Numbers, Reasons]:
    """Return what the onsets of the mix say, and why what is missing is missing."""
    count = onsets.times.size
    intervals = np.diff(onsets.times)
    numbers: dict[str, float | None] = {"onset_count": float(count), "onset_density": count / seconds}
    strengths = onsets.strengths
    numbers["onset_strength_mean"] = float(strengths.mean()) if count else None
    numbers["onset_strength_std"] = float(strengths.std()) if count else None
    enough = intervals.size > 1
    numbers["ioi_mean"] = float(intervals.mean()) if enough else None
    numbers["ioi_std"] = float(intervals.std()) if enough else None
    numbers["rhythmic_complexity"] = measures.complexity(intervals)
    numbers["rhythmic_evenness"] = measures.evenness(intervals)
    return numbers, dict.fromkeys(numbers, FEW_ONSETS if count else NO_ONSETS)


def _of_beats(onsets: Onsets, beats: Beats) -> tuple[Numbers, Reasons]:
    """Return what the beats of the mix say, and why what is missing is missing."""
    tempo = measures.tempo(beats.times)
    numbers = {
        "bpm": None if tempo is None else tempo.bpm,
        "bpm_is_defined": float(measures.is_defined(beats.times)),
        "beat_count": float(beats.times.size),
        "beat_regularity": None if tempo is None else tempo.deviation,
        "on_beat_ratio": measures.on_beat_ratio(onsets.times, beats.times),
        "syncopation": measures.syncopation(onsets, beats),
    }
    return numbers, dict.fromkeys(numbers, NO_BEATS) | {"syncopation": NO_BARS if beats.times.size else NO_BEATS}


def _of_stem(sound: Sound, stem: str, beats: Beats | None) -> tuple[Numbers, Reasons]:
    """Return the rhythm of one stem, syncopation against the ``beats`` of the mix, and why what is missing is missing."""
    names = [f"{name}_{stem}" for name in OF_STEM]
    missing: Numbers = dict.fromkeys(names)
    if stem not in sound.stems:
        return missing, dict.fromkeys(names, sound.why_without(stem))
    read = _read(sound.stems[stem])
    if isinstance(read, str):
        return missing, dict.fromkeys(names, read)
    onsets = detect(read.full)
    intervals = np.diff(onsets.times)
    density = measures.windowed_density(onsets.times, sound.stems[stem].seconds)
    values = (
        float(density.mean()) if density.size else None,
        float(density.var()) if density.size > 1 else None,
        None if beats is None else measures.syncopation(onsets, beats),
        measures.complexity(intervals),
        measures.evenness(intervals),
    )
    few = FEW_ONSETS if onsets.times.size else NO_ONSETS
    against = NO_BEATS if beats is None or not beats.times.size else NO_BARS
    unsynced = few if beats is not None and beats.downbeats.size else against
    return dict(zip(names, values, strict=True)), dict(
        zip(names, (NO_WINDOW, FEW_WINDOWS, unsynced, few, few), strict=True)
    )


def _put(found: Measured, numbers: Numbers, reasons: Reasons) -> None:
    """Put each number among the values or, where it is None, its reason among the absent."""
    for name, number in numbers.items():
        if number is None:
            found.absent[name] = reasons[name]
        else:
            found.values[name] = number


FAMILY: Final = Family(
    name="rhythm",
    features=(*OF_MIX, *(f"{name}_{stem}" for stem in RHYTHM_STEMS for name in OF_STEM)),
    measure=measure,
)
"""The family of rhythm features."""
