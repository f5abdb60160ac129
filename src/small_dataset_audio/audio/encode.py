"""Write samples to a file, whole or not at all."""

import io
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from small_dataset_audio.atomic import write_bytes
from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.containers.ogg import VORBIS_ORDER
from small_dataset_audio.audio.decoders.ffmpeg import library
from small_dataset_audio.audio.decoders.gather import BLOCK
from small_dataset_audio.errors import AudioError

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Target:
    """What libsndfile calls a format, and how samples are stored in it unless the caller says otherwise."""

    container: str
    subtype: str


_TARGETS: Final = {
    ".wav": _Target("WAV", "FLOAT"),
    ".flac": _Target("FLAC", "PCM_24"),
    ".ogg": _Target("OGG", "VORBIS"),
    ".opus": _Target("Opus", "OPUS"),
    ".mp3": _Target("MP3", "MPEG_LAYER_III"),
}
ENCODED_SUFFIXES: Final = frozenset(_TARGETS)
"""The suffixes that `encode` writes."""

_UNLIMITED: Final = frozenset({"FLOAT", "DOUBLE"})
_OPUS_RATES: Final = (8000, 12000, 16000, 24000, 48000)
_OPUS_LAYOUTS: Final = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 6: "5.1", 8: "7.1"}
"""FFmpeg's names of the arrangements that it writes right: with 5 and 7 channels it confuses their order."""
_LARGEST_WAV: Final = (1 << 32) - (1 << 16)
"""Bytes of sound in a WAV file, whose sizes have 32 bits, with room for its other chunks."""


def encode(path: Path, samples: Samples, rate: int, *, subtype: str | None = None) -> int:
    """Write ``samples`` to ``path`` in the format of its suffix and return how many of them had to be clipped.

    The file appears under its name only when it is complete. Formats other than float WAV end at full scale: samples
    outside [-1, 1] are set to the limit, counted, and reported in the log; none wraps around. There is no dither: 16-bit
    and 24-bit recordings come back bit for bit.

    Args:
        path: ``.wav`` (32-bit float by default), ``.flac`` (24 bits), ``.ogg`` (Vorbis), ``.opus``, ``.mp3`` (LAME, CBR).
        samples: float32 ``[shape=(channels, n)]``, in WAVE order.
        rate: samples per second.
        subtype: libsndfile's name of another way to store them, such as ``PCM_16``.

    Raises:
        AudioError: the suffix is not one of these, the format does not take this rate, these channels or this subtype,
            there are no samples, or some are not finite.
        StoreError: the file cannot be written.
    """
    target = _target(path, subtype)
    _check(path, samples, rate, target)
    limited = samples
    clipped = 0
    if target.subtype not in _UNLIMITED:
        clipped = int(np.count_nonzero(np.abs(samples) > 1.0))
        limited = np.clip(samples, -1.0, 1.0) if clipped else samples
    if target.container == "OGG" and samples.shape[0] in VORBIS_ORDER:
        limited = limited[list(VORBIS_ORDER[samples.shape[0]])]
    write_bytes(path, (_opus if target.container == "Opus" else _by_libsndfile)(path, limited, rate, target))
    if clipped:
        _LOGGER.warning("%s: %d of %d samples were beyond full scale and were clipped", path, clipped, samples.size)
    return clipped


def _target(path: Path, subtype: str | None) -> _Target:
    target = _TARGETS.get(path.suffix.lower())
    if target is None:
        raise AudioError(
            f"Could not write {path}.",
            f"sda does not write files that end in {path.suffix!r}.",
            f"Use one of {', '.join(sorted(_TARGETS))}.",
        )
    return target if subtype is None else _Target(target.container, subtype)


def _check(path: Path, samples: Samples, rate: int, target: _Target) -> None:
    """Return if the format can hold the samples.

    Raises:
        AudioError: it cannot.
    """
    why = None
    if samples.ndim != 2 or samples.size == 0:  # noqa: PLR2004 - (channels, n)
        why = f"There are no samples in an array of shape {samples.shape}; (channels, samples) is expected."
    elif not np.isfinite(samples).all():
        why = "Some samples are NaN or infinite."
    elif target.container == "Opus":
        why = _opus_refuses(samples.shape[0], rate, target)
    elif not soundfile.check_format(target.container, target.subtype):
        why = f"{target.container} does not store samples as {target.subtype}."
    elif target.container == "WAV" and samples.size * 8 > _LARGEST_WAV:
        why = "A WAV file holds 4 GiB at most."
    if why is not None:
        raise AudioError(f"Could not write {path}.", why, "Choose another format, or prepare the samples differently.")


def _opus_refuses(channels: int, rate: int, target: _Target) -> str | None:
    if target.subtype != "OPUS":
        return f"A .opus file does not store samples as {target.subtype}."
    if rate not in _OPUS_RATES:
        return f"Opus does not take {rate} Hz, only {', '.join(str(each) for each in _OPUS_RATES)} Hz."
    return (
        None if channels in _OPUS_LAYOUTS else f"sda writes Opus with 1, 2, 3, 4, 6 or 8 channels, not with {channels}."
    )


def _opus(path: Path, samples: Samples, rate: int, target: _Target) -> bytes:
    """Return the bytes of an Opus file. FFmpeg makes them: libsndfile drops the last 6.5 ms."""
    av = library()
    memory = io.BytesIO()
    layout = _OPUS_LAYOUTS[samples.shape[0]]
    _LOGGER.debug("%s: %s, %s at %d Hz", path, target.subtype, layout, rate)
    with av.open(memory, "w", format="opus", container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=rate)
        stream.layout, stream.format = layout, "flt"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), "flt", layout)
        frame.sample_rate, frame.pts = rate, 0
        for each in (frame, None):
            container.mux(stream.encode(each))
    return memory.getvalue()


def _by_libsndfile(path: Path, samples: Samples, rate: int, target: _Target) -> bytes:
    """Return the bytes of the file. They are made in memory: libsndfile cannot report a full disk to Python."""
    memory = io.BytesIO()
    try:
        with soundfile.SoundFile(
            memory, "w", rate, samples.shape[0], subtype=target.subtype, format=target.container
        ) as file:
            for start in range(0, samples.shape[1], BLOCK):  # in one piece, long Vorbis streams crash libsndfile
                file.write(np.ascontiguousarray(samples[:, start : start + BLOCK].T))
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"Could not write {path}.",
            f"The encoder does not take {samples.shape[0]} channels at {rate} Hz: {error.error_string}",
            "Choose another format, or resample and mix down first.",
        ) from error
    return memory.getvalue()
