"""Checks of the sound of each recording: what went wrong when it was recorded, edited, encoded or copied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from small_dataset_audio.dataset.heard import Heard
from small_dataset_audio.dataset.heard.levels import PEAKS_PER_SECOND
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lint.finding import Finding, Severity
from small_dataset_audio.dataset.lint.loader import SILENT_BELOW
from small_dataset_audio.dataset.lint.material import Material, clock, decibels, mix_of, told

_FULL_SCALE: Final = 0.999
_OFTEN: Final = 0.2
"""Flat tops per second from which they are no accident."""
_LONG: Final = 16
"""Samples of a flat top that is heard as a crackle: a third of a millisecond."""
_FEW_BEYOND: Final = 1e-5
"""Share of samples beyond full scale below which a lossy file merely overshoots."""
_LOSSY: Final = frozenset({"mp3", "mp2", "aac", "vorbis", "opus", "wmav1", "wmav2", "ac3", "eac3"})
_OFFSET: Final = 10 ** (-50 / 20)
_LARGE_OFFSET: Final = 10 ** (-40 / 20)
_SHORTEST_FOR_OFFSET: Final = 1.0
"""Seconds below which the mean of a low note is not zero either."""
_SAME: Final = 1.5 / 32768
"""Difference between two channels that is no more than rounding."""
_LONG_SILENCE: Final = 5.0
_DEAD_DB: Final = -60.0
_OPPOSITE: Final = -0.5
_CANCELLED: Final = -0.9
_TOP: Final = 0.9
"""Share of the Nyquist frequency above which every converter ends."""
_AUDIBLE_HZ: Final = 16500.0
"""A wall below this is heard, and learnt; encoders at 128 kbit/s and below put it there."""
_STEREO: Final = 2


def unreadable(material: Material) -> Iterator[Finding]:
    """Yield the tracks whose recording or ``.INFO`` cannot be read, or is not all there."""
    for entry in material.entries:
        problem = material.listened.problems.get(entry.name)
        if problem is not None:
            yield Finding(
                "unreadable", "fail", entry.name, mix_of(entry.track), told(problem), {"why": problem.why}, problem.fix
            )
        if entry.problem is not None:
            error = entry.problem
            yield Finding(
                "unreadable", "fail", entry.name, entry.track.info, told(error), {"why": error.why}, error.fix
            )
    for track, file, sound in material.heard():
        if sound.heard.truncated:
            yield Finding(
                "unreadable",
                "fail",
                track.name,
                file,
                f"The file is damaged or cut off: {sound.heard.seconds:.1f} s of it can be decoded.",
                {"seconds": round(sound.heard.seconds, 3)},
                "Copy the recording again from where it came, or take it out.",
            )


def clipped(material: Material) -> Iterator[Finding]:
    """Yield recordings whose tops were cut off, or that go beyond full scale."""
    for track, file, sound in material.heard():
        heard = sound.heard
        if heard.tops.count:
            yield _flat_tops(track, file, heard)
        if heard.levels.beyond:
            yield _beyond(track, file, heard)


def _flat_tops(track: Track, file: Path | None, heard: Heard) -> Finding:
    tops = heard.tops
    often = tops.count / heard.seconds
    severity: Severity = "warn" if often >= _OFTEN or tops.longest >= _LONG else "note"
    level = "full scale" if tops.limit >= _FULL_SCALE else f"{decibels(tops.limit):.1f} dBFS"
    times = "once" if tops.count == 1 else f"{tops.count:,} times"
    what = (
        f"The wave is cut off flat {times} ({often:.2g} per second); worst at {clock(tops.at)}, "
        f"where {tops.longest} samples in a row lie at {level}."
    )
    evidence = {
        "flat_tops": tops.count,
        "samples": tops.samples,
        "longest": tops.longest,
        "at_seconds": round(tops.at, 3),
        "limit_dbfs": decibels(tops.limit),
    }
    fix = (
        "Use a master or an export that was not clipped: turn the mix down before the limiter, or export 32-bit float."
    )
    return Finding("clipped", severity, track.name, file, what, evidence, fix)


def _beyond(track: Track, file: Path | None, heard: Heard) -> Finding:
    count = heard.levels.beyond
    share = count / (heard.samples * heard.channels)
    lossy = heard.codec in _LOSSY
    over = decibels(heard.peak)
    what = f"{count:,} samples lie beyond full scale, by up to {over:.1f} dB; trainers and players cut them off."
    fix = (
        "Decode it, turn it down and save it as FLAC: encoders overshoot where the master is at full scale."
        if lossy
        else f"Turn it down by {over + 0.1:.1f} dB or more before it is saved."
    )
    severity: Severity = "note" if share < _FEW_BEYOND else "warn"
    return Finding("clipped", severity, track.name, file, what, {"samples_beyond": count, "peak_dbfs": over}, fix)


def silent(material: Material) -> Iterator[Finding]:
    """Yield recordings that are silent, or silent for long at one of their ends."""
    for track, file, sound in material.heard():
        quiet = sound.heard.levels.peaks < SILENT_BELOW
        if quiet.all():
            yield Finding(
                "silent",
                "fail",
                track.name,
                file,
                f"It is silent: it never gets louder than {decibels(sound.heard.peak):.0f} dBFS.",
                {"peak_dbfs": decibels(sound.heard.peak)},
                "Take it out, or look for the recording that should be here.",
            )
            continue
        loud = (~quiet).nonzero()[0]
        before, after = loud[0] / PEAKS_PER_SECOND, (len(quiet) - 1 - loud[-1]) / PEAKS_PER_SECOND
        places = [(before, "begins"), (after, "ends")]
        said = [f"{how} with {seconds:.1f} s of silence" for seconds, how in places if seconds >= _LONG_SILENCE]
        if said:
            yield Finding(
                "silent",
                "note",
                track.name,
                file,
                f"It {' and '.join(said)}.",
                {"seconds_before": round(float(before), 1), "seconds_after": round(float(after), 1)},
                "Trim it, if the silence is not part of the music; `sda crop` leaves silent crops out.",
            )


def offset(material: Material) -> Iterator[Finding]:
    """Yield recordings whose wave does not swing around zero."""
    for track, file, sound in material.heard():
        mean = max(sound.heard.levels.mean, key=abs)
        if abs(mean) < _OFFSET or sound.heard.seconds < _SHORTEST_FOR_OFFSET:
            continue
        yield Finding(
            "offset",
            "warn" if abs(mean) >= _LARGE_OFFSET else "note",
            track.name,
            file,
            f"A DC offset of {decibels(abs(mean)):.0f} dBFS: the wave swings around {mean:+.4f} instead of 0.",
            {"mean": round(mean, 6), "dbfs": decibels(abs(mean))},
            "Remove it with a high-pass filter at about 10 Hz: it costs headroom, and clicks at every cut.",
        )


def mono(material: Material) -> Iterator[Finding]:
    """Yield stereo files that hold one channel only: twice, or beside silence."""
    for track, file, sound in material.heard():
        levels = sound.heard.levels
        if levels.difference is None or sound.heard.channels != _STEREO or sound.heard.peak < SILENT_BELOW:
            continue
        rms = sorted(levels.rms)
        if rms[0] < rms[1] * 10 ** (_DEAD_DB / 20):
            side = "left" if levels.rms[0] < levels.rms[1] else "right"
            what = f"The {side} channel is silent: {decibels(rms[0] / rms[1]):.0f} dB beside the other."
            evidence = {"quiet_channel_db": decibels(rms[0] / rms[1])}
            fix = "Save the other channel as a mono file, or look for the lost channel."
            yield Finding("mono", "warn", track.name, file, what, evidence, fix)
        elif levels.difference <= _SAME:
            what = "It is mono in a stereo file: both channels are the same."
            fix = "Nothing, if it was meant to be mono; otherwise look for the stereo master."
            yield Finding("mono", "note", track.name, file, what, {"largest_difference": levels.difference}, fix)


def phase(material: Material) -> Iterator[Finding]:
    """Yield recordings whose channels work against each other."""
    for track, file, sound in material.heard():
        levels = sound.heard.levels
        if levels.correlation is None or levels.correlation > _OPPOSITE or levels.mono_db is None:
            continue
        yield Finding(
            "phase",
            "fail" if levels.correlation <= _CANCELLED else "warn",
            track.name,
            file,
            f"The channels are out of phase (correlation {levels.correlation:.2f}): in mono it is {-levels.mono_db:.0f} dB quieter.",
            {"correlation": round(levels.correlation, 3), "mono_db": round(levels.mono_db, 1)},
            "Turn the polarity of one channel round, if a cable or a plug-in did it; keep it, if it is an effect that was meant.",
        )


def bandwidth(material: Material) -> Iterator[Finding]:
    """Yield recordings whose spectrum ends like a wall: upsampled, or decoded from a lossy file."""
    for track, file, sound in material.heard():
        heard, found = sound.heard, sound.heard.wall
        if found is None or found.hertz >= _TOP * heard.rate / 2:
            continue
        audible = found.hertz < _AUDIBLE_HZ
        if heard.codec in _LOSSY:
            cause, fix = "the encoder took the rest away", "Use the original of this lossy file, if there is one."
        else:
            cause = "it was decoded from a lossy file, or brought up from a lower sample rate"
            fix = "Use the original; what is missing does not come back by saving it in a lossless format."
        yield Finding(
            "bandwidth",
            "warn" if audible else "note",
            track.name,
            file,
            f"Nothing above {found.hertz / 1000:.1f} kHz, where {heard.rate / 2000:.1f} kHz would fit: the spectrum falls by "
            f"{found.drop_db:.0f} dB there, like a wall; {cause}.",
            {
                "hertz": round(found.hertz),
                "drop_db": round(found.drop_db, 1),
                "nyquist": heard.rate / 2,
                "codec": heard.codec,
            },
            fix,
        )
