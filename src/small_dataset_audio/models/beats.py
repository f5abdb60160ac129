"""Beats and downbeats by Beat This!, a network with weights.

Source: Foscarin, Schlüter and Widmer, "Beat this! Accurate beat tracking without DBN postprocessing", ISMIR 2024. Network,
front end, division into chunks and picking of beats are those of the authors' package; opening the weights, laying out
the spectrogram of a long recording and running out of memory are ours. The package would download what it does not find:
here it is only handed a network that has its weights already.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import folder_of, give_back
from small_dataset_audio.errors import EnvironmentFault, MissingWeights, ModelError, SdaError
from small_dataset_audio.hardware.oom import guard
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.opening import checkpoint, extra
from small_dataset_audio.models.separation.running import loaded
from small_dataset_audio.models.store import Store

if TYPE_CHECKING:
    from torch import Tensor

Tracker = Literal["beat_this", "beat_this_small", "dsp"]
TRACKERS: Final[tuple[Literal["beat_this", "beat_this_small"], ...]] = ("beat_this", "beat_this_small")
"""The trackers with weights, the best first; each is called as its model in the registry."""
EXTRA: Final = "beats"
RATE: Final = 22050
"""Samples per second that the network was trained at."""
FRAME: Final = 1024
"""Samples of a frame of the front end."""
HOP: Final = 441
"""Samples from one frame to the next: 20 ms."""
CHUNK, BORDER = 1500, 6
"""Frames of a chunk (30 s), and those at its ends whose answers are left out, as the authors have it."""
_SPECTRA_TOGETHER: Final = 3000
"""Frames of the spectrogram made at a time: one minute."""
_PREFIX: Final = "model."
"""What the training program put in front of the names of the network's weights."""


@dataclass(frozen=True)
class HeardBeats:
    """What was heard.

    Attributes:
        beats: seconds, ascending ``[shape=(n,)]``.
        downbeats: those of them that begin a bar ``[shape=(m,)]``.
    """

    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]


def chosen(wanted: Tracker | Literal["auto"], store: Store) -> Tracker:
    """Return the tracker to use: the one that is wanted, or the best that is installed."""
    if wanted != "auto":
        return wanted
    return next((tracker for tracker in TRACKERS if obstacle(tracker, store) is None), "dsp")


def obstacle(tracker: Tracker, store: Store) -> SdaError | None:
    """Return what keeps a tracker from being used here, with the way out; None where nothing does. It reads no weights."""
    if tracker == "dsp":
        return None
    if find_spec("beat_this") is None:
        return EnvironmentFault(
            f"The optional part {EXTRA} of sda is not installed.",
            "It brings the package beat_this, which finds beats with weights.",
            f'Run `uv sync --extra {EXTRA}` in a copy of the repository, or `pip install "small-dataset-audio[{EXTRA}]"`.',
        )
    if missing := store.missing(tracker):
        return MissingWeights(
            f"The weights of {tracker} are not installed.",
            f"{store.home(tracker)} does not hold {', '.join(file.name for file in missing)}.",
            f"Run `sda models pull {tracker}`, or set features.beats to dsp, which needs none.",
        )
    return None


def open_beats(tracker: Tracker, store: Store, device: str = "cpu") -> "BeatThis":
    """Return a tracker with its weights, on ``device``.

    Raises:
        EnvironmentFault: the optional part ``beats`` is not installed.
        MissingWeights: the weights are not installed.
        ModelError: they are not those of this network.
    """
    if (reason := obstacle(tracker, store)) is not None:
        raise reason
    folder = store.require(tracker)
    [file] = store.files(tracker)
    return BeatThis(_network(folder / file.name, device), device)


def _network(path: Path, device: str) -> "Callable[[Tensor], dict[str, Tensor]]":
    """Return the network that a checkpoint describes, with its weights."""
    import_torch()
    build = extra("beat_this.model.beat_tracker", EXTRA).BeatThis
    content = checkpoint(path)
    described, state = content.get("hyper_parameters"), content.get("state_dict")
    if not isinstance(described, Mapping) or not isinstance(state, Mapping):
        raise ModelError(
            f"{path.name} is not a checkpoint of Beat This!.",
            "It must hold hyper_parameters and a state_dict, and does not.",
            f"Fetch the weights again with `sda models pull`, and look where {path} came from.",
        )
    known = inspect.signature(build).parameters
    arguments = {name: value for name, value in described.items() if name in known}
    weights = {name.removeprefix(_PREFIX): tensor for name, tensor in state.items()}
    network: Callable[[Tensor], dict[str, Tensor]] = loaded(lambda: build(**arguments), weights, path, device)
    return network


class BeatThis:
    """The network, ready to listen."""

    def __init__(self, network: "Callable[[Tensor], dict[str, Tensor]]", device: str) -> None:
        self._network = network
        self._device = device
        self._inference = extra("beat_this.inference", EXTRA)
        self._spectrogram = extra("beat_this.preprocessing", EXTRA).LogMelSpect()
        self._pick = extra("beat_this.model.postprocessor", EXTRA).Postprocessor(type="minimal")

    def __call__(self, clip: Clip) -> HeardBeats:
        """Return the beats of ``clip``; none where it is shorter than a frame.

        Raises:
            OutOfMemory: memory ran out.
            ModelError: the network gives values that are not numbers.
        """
        samples = at_rate(clip)
        if samples.shape[1] < FRAME:
            return HeardBeats(np.empty(0), np.empty(0))
        beat, downbeat = self.logits(samples)
        beats, downbeats = self._pick(beat, downbeat)
        return HeardBeats(np.asarray(beats, dtype=np.float64), np.asarray(downbeats, dtype=np.float64))

    def logits(self, samples: NDArray[np.float32]) -> "tuple[Tensor, Tensor]":
        """Return the logits of a beat and of a downbeat in each frame, on the CPU ``[shape=(frames,)]`` each.

        Args:
            samples: at `RATE` ``[shape=(channels, n)]``, n >= `FRAME`.
        """
        torch: Any = import_torch()
        with torch.inference_mode():
            spectrogram = self.spectrogram(samples)
            chunks, starts = self._inference.split_piece(spectrogram, CHUNK, border_size=BORDER, avoid_short_end=True)
            answers = [self._chunk(chunk) for chunk in chunks]
            beat, downbeat = self._inference.aggregate_prediction(
                answers, starts, spectrogram.shape[0], CHUNK, BORDER, "keep_first", "cpu"
            )
        if not bool(torch.isfinite(beat).all() and torch.isfinite(downbeat).all()):
            raise ModelError(
                "The network for beats gave values that are not numbers.",
                f"It overflowed on {self._device}, or its weights are damaged.",
                "Try --device cpu, and check the weights with `sda models verify`.",
            )
        return beat, downbeat

    def _chunk(self, chunk: "Tensor") -> "dict[str, Tensor]":
        with guard("finding beats", device=self._device):
            answer = self._network(chunk[None].to(self._device))
            return {name: answer[name][0].float().cpu() for name in ("beat", "downbeat")}

    def spectrogram(self, samples: NDArray[np.float32]) -> "Tensor":
        """Return the front end's log mel spectrogram of the mean of the channels ``[shape=(frames, 128)]``.

        Made piece by piece, with what lies around each piece, so that memory holds little besides the result (1.5 MB a
        minute).
        """
        torch: Any = import_torch()
        length = samples.shape[1]
        total = 1 + length // HOP
        margin = -(-FRAME // HOP)  # frames that reach over the edge of a piece are made and left out
        parts = []
        for first in range(0, total, _SPECTRA_TOGETHER):
            stop = min(total, first + _SPECTRA_TOGETHER)
            begin = max(0, first - margin)
            piece = samples[:, begin * HOP : length if stop == total else (stop + margin) * HOP]
            mono = torch.from_numpy(piece.mean(axis=0, dtype=np.float32))
            parts.append(self._spectrogram(mono)[first - begin : stop - begin])
            give_back(piece)
        made: Tensor = torch.cat(parts)
        return made


def at_rate(clip: Clip) -> NDArray[np.float32]:
    """Return the samples of ``clip`` at `RATE` ``[shape=(channels, n)]``, on disk where the recording is."""
    if clip.rate == RATE or folder_of(clip.samples) is not None:
        return resample(clip.samples, clip.rate, RATE)
    return resample(clip.samples.mean(axis=0, dtype=np.float32, keepdims=True), clip.rate, RATE)
