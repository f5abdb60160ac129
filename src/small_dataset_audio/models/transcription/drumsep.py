"""DrumSep: a network takes the drums apart into kick, snare, toms and cymbals, and strokes are read from each.

The published weights are a checkpoint of Hybrid Demucs (v3). It is a pickle that names the network's class: it is read
with ``weights_only=True`` and that one class allowed, so that nothing in it can run. Hi-hats and cymbals come as one stem;
what rings on counts as a cymbal, what does not as a hi-hat, which is approximate.
"""

import inspect
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.opening import checkpoint, extra
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.separation.network import Estimates, Examples, Network
from small_dataset_audio.models.separation.running import computing, loaded
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription.frames import FRAME_RATE
from small_dataset_audio.models.transcription.hits import (
    CYMBAL,
    DRUMS,
    HAT,
    KICK,
    NO_STROKES,
    SNARE,
    TOM,
    Drum,
    Strokes,
    Transcription,
)
from small_dataset_audio.models.transcription.rises import loudness, rises, strokes
from small_dataset_audio.models.transcription.velocity import levels, rise_at, velocities

NAME: Final = "drumsep"
MODEL: Final = "drumsep"
EXTRA: Final = "separation"
OVERLAP: Final = 0.25
"""As Demucs' own programs have it."""
BATCH: Final = 1
"""Pieces at once: one of them takes about 3 GiB."""
CALLED: Final[Mapping[str, Drum]] = {
    "bombo": KICK, "kick": KICK, "redoblante": SNARE, "snare": SNARE, "toms": TOM, "platillos": CYMBAL, "cymbals": CYMBAL,
}  # fmt: skip
"""What the checkpoint calls its stems, in Spanish, -> the drum."""
SHARE: Final = 0.25
"""How strong a stroke must be, beside the strong ones of the same stem."""
FAINTEST: Final = 0.01
"""A stroke that rises less than this (-40 dB) beside the loudest of the kit leaked in from another stem."""
RING_FRAMES: Final = (12, 20)
"""Frames after a stroke (120 ms to 200 ms) in which a cymbal rings and a closed hi-hat does not."""
RINGS: Final = 0.35
"""A cymbal is still at least this loud then (-9 dB)."""


def open_drumsep(store: Store, device: str = "cpu", scratch: Scratch | None = None) -> "DrumSep":
    """Return the network with its weights, on ``device``.

    Args:
        store: where the weights are.
        device: where it computes.
        scratch: where stems lie that are too long for memory.

    Raises:
        EnvironmentFault: the optional part ``separation`` is not installed.
        MissingWeights: the weights are not installed.
        ModelError: they are not those of this network.
    """
    folder = store.require(MODEL)
    [file] = store.files(MODEL)
    return DrumSep(Separator(_network(folder / file.name, device), Batches(BATCH, device)), scratch)


class DrumSep:
    """The network, ready to listen."""

    def __init__(self, separator: Separator, scratch: Scratch | None) -> None:
        self._separator = separator
        self._scratch = scratch

    def __call__(self, clip: Clip) -> Transcription:
        """Return the strokes heard in ``clip``, a drum stem.

        Raises:
            OutOfMemory: memory ran out.
            ModelError: the network gives values that are not numbers.
        """
        stems = self._separator.separate(clip, "taking the drums apart", self._scratch, [])
        heard = {CALLED[name]: _struck(Clip(samples, clip.rate), CALLED[name]) for name, samples in stems.items()}
        loudest = max((float(rise.max()) for _, rise, _ in heard.values() if rise.size), default=0.0)
        made = {}
        for drum, (frames, rise, level) in heard.items():
            frames_kept = frames[rise >= FAINTEST * loudest]
            if drum is CYMBAL:
                ringing = rings(level, frames_kept)
                made[HAT.name] = _strokes(frames_kept[~ringing], level)
                made[CYMBAL.name] = _strokes(frames_kept[ringing], level)
            else:
                made[drum.name] = _strokes(frames_kept, level)
        return Transcription({drum.name: made[drum.name] for drum in DRUMS}, NAME)


Struck = tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]
"""Frames of the strokes, how far the level rises there, and the level."""


def _struck(stem: Clip, drum: Drum) -> Struck:
    """Return what was struck in the stem of one drum."""
    loud = loudness(stem)
    if loud is None:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32), np.zeros(1, dtype=np.float32)
    curves, level = [], []
    for bands, rise in rises(stem, loud):
        curves.append(rise.mean(axis=1))
        level.append(levels(bands, (drum,))[:, 0])
    loudly = np.concatenate(level)
    frames = strokes(np.concatenate(curves), SHARE)
    return frames, rise_at(loudly, frames), loudly


def _strokes(frames: NDArray[np.intp], level: NDArray[np.float32]) -> Strokes:
    return Strokes(frames / FRAME_RATE, velocities(level, frames)) if frames.size else NO_STROKES


def rings(level: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which strokes ring on until after `RING_FRAMES`, with no other stroke in between ``[shape=(n,)]``."""
    index = frames[:, np.newaxis]
    last = level.shape[0] - 1
    peak = level[(index + np.arange(5)).clip(0, last)].max(axis=1)
    later = level[(index + np.arange(*RING_FRAMES)).clip(0, last)].mean(axis=1)
    alone = np.append(np.diff(frames) > RING_FRAMES[1], True) if frames.size else np.empty(0, dtype=bool)
    return np.asarray(alone & (later >= RINGS * peak))


def _network(path: Path, device: str) -> Network:
    """Return the network of a checkpoint of Hybrid Demucs that makes the stems of a kit."""
    torch = import_torch()
    build = extra("demucs.hdemucs", EXTRA).HDemucs
    with torch.serialization.safe_globals([build, Fraction]):
        content = checkpoint(path)
    state, arguments = _described(path, content, build)
    module = loaded(lambda: build(**arguments), state, path, device)
    sources = tuple(module.sources)
    if sorted({CALLED[name].name for name in sources if name in CALLED}) != sorted(
        {one.name for one in CALLED.values()}
    ):
        raise _misfit(path, f"It makes the stems {', '.join(sources)}, not those of a drum kit.")

    def apply(examples: Examples, _rate: int) -> Estimates:
        with computing(torch, device, half=False):
            estimates: Estimates = module(torch.from_numpy(examples).to(device)).float().cpu().numpy()
            return estimates

    segment = int(module.segment * module.samplerate)
    return Network(NAME, MODEL, sources, int(module.samplerate), int(module.audio_channels), segment, OVERLAP,
                   normalise=True, apply=apply, device=device, module=module)  # fmt: skip


def _described(path: Path, content: Mapping[str, Any], build: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tensors of a checkpoint, as 32-bit floats, and the arguments of its network."""
    state, positional, given = content.get("state"), content.get("args", ()), content.get("kwargs", {})
    if content.get("klass") is not build or not isinstance(state, Mapping) or not isinstance(given, Mapping):
        raise _misfit(path, "It is not a checkpoint of Hybrid Demucs, with its class, arguments and state.")
    known = inspect.signature(build).parameters
    try:
        bound = inspect.signature(build).bind(
            *positional, **{name: one for name, one in given.items() if name in known}
        )
    except TypeError as error:
        raise _misfit(path, f"What it says of the network cannot be used: {error}.") from error
    floats = {name: one.float() if one.is_floating_point() else one for name, one in state.items()}
    return floats, dict(bound.arguments)


def _misfit(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path.name} cannot be used as DrumSep.",
        why,
        f"Fetch the weights again with `sda models pull {MODEL}`, and look where {path} came from.",
    )
