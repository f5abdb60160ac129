"""ADTOF: kick, snare, toms, hi-hat and cymbals by a network that was trained on thousands of annotated songs.

It reads both ways through the recording. Up to `LONGEST_WHOLE` frames that is done in one go, exactly as its authors do;
a longer recording is read in windows that overlap by `CONTEXT` on either side, so that memory does not grow with it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.oom import guard
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.opening import checkpoint
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription import peaks
from small_dataset_audio.models.transcription.frames import FRAME_RATE, Bands, at_rate, blocks, frame_count
from small_dataset_audio.models.transcription.hits import DRUMS, Strokes, Transcription
from small_dataset_audio.models.transcription.velocity import levels, velocities
from small_dataset_audio.models.transcription.weights import load_strictly

if TYPE_CHECKING:
    from small_dataset_audio.models.transcription.network import FrameRnn

NAME: Final = "adtof"
MODEL: Final = "adtof_frame_rnn"
THRESHOLDS: Final = (0.22, 0.24, 0.32, 0.22, 0.30)
"""By how much the probability of a stroke must exceed its moving mean, drum by drum, as its authors chose them."""
LONGEST_WHOLE: Final = 60_000
"""Frames that are read in one go: 10 minutes."""
CONTEXT: Final = 3_000
"""Frames on either side of a window that are read along and left out: 30 s."""
_CONVOLVED_TOGETHER: Final = 2_000
"""Frames in one call of the convolutions: bounds what they need besides their result."""

Activations = NDArray[np.float32]
"""The probability of a stroke on each drum ``[shape=(frames, 5)]``."""


def open_adtof(store: Store, device: str = "cpu") -> "Adtof":
    """Return the network with its weights, on ``device``.

    Raises:
        MissingWeights: they are not installed.
        ModelError: they are not those of this network.
    """
    folder = store.require(MODEL)
    [file] = store.files(MODEL)
    return Adtof(_network(folder / file.name, device), device)


def _network(path: Path, device: str) -> "FrameRnn":
    import_torch()
    from small_dataset_audio.models.transcription.network import FrameRnn  # noqa: PLC0415 - it imports torch

    content = checkpoint(path)
    inner = content.get("model_weights", content)  # what its converter wrote, or a plain state dict
    tensors = {name: one for name, one in inner.items() if hasattr(one, "shape")} if isinstance(inner, dict) else {}
    network = FrameRnn()
    load_strictly(network, tensors, path.name)
    return network.to(device).eval().requires_grad_(requires_grad=False)


class Adtof:
    """The network, ready to listen."""

    def __init__(self, network: "FrameRnn", device: str) -> None:
        self._network = network
        self._device = device

    def __call__(self, clip: Clip) -> Transcription:
        """Return the strokes heard in ``clip``, a drum stem or a mix.

        Raises:
            OutOfMemory: memory ran out.
            ModelError: the network gives values that are not numbers.
        """
        levels_of_blocks: list[NDArray[np.float32]] = []

        def noted() -> Iterator[Bands]:
            for bands in blocks(clip):
                levels_of_blocks.append(levels(bands, DRUMS))
                yield bands

        activations = self.activations(noted(), frame_count(at_rate(clip).shape[1]))
        level = np.concatenate(levels_of_blocks)
        heard = {}
        for index, (drum, threshold) in enumerate(zip(DRUMS, THRESHOLDS, strict=True)):
            frames = peaks.pick(activations[:, index], threshold, peaks.ADTOF)
            heard[drum.name] = Strokes(frames / FRAME_RATE, velocities(level[:, index], frames))
        return Transcription(heard, NAME)

    def activations(self, spectrogram: Iterator[Bands], total: int) -> Activations:
        """Return the probability of strokes in a spectrogram that comes in blocks, of ``total`` frames in all."""
        answers = [
            self._guarded(window)[inside : inside + length] for window, inside, length in windows(spectrogram, total)
        ]
        made = np.concatenate(answers)
        if not np.isfinite(made).all():
            raise ModelError(
                "The network for drums gave values that are not numbers.",
                f"It overflowed on {self._device}, or its weights are damaged.",
                f"Try --device cpu, and check the weights with `sda models verify {MODEL}`.",
            )
        return made

    def _guarded(self, window: Bands) -> Activations:
        with guard("hearing drums", device=self._device):
            return self._hear(window)

    def _hear(self, window: Bands) -> Activations:
        torch: Any = import_torch()
        reach = self._reach
        with torch.inference_mode():
            parts = []
            for start in range(0, window.shape[0], _CONVOLVED_TOGETHER):
                first, stop = max(0, start - reach), min(window.shape[0], start + _CONVOLVED_TOGETHER)
                frames = torch.from_numpy(window[first : stop + reach]).to(self._device)
                parts.append(self._network.features(frames)[start - first : stop - first])
            answer: Activations = self._network.strokes(torch.cat(parts)).cpu().numpy()
        return answer

    @property
    def _reach(self) -> int:
        from small_dataset_audio.models.transcription.network import REACH  # noqa: PLC0415 - it imports torch

        return REACH


def windows(
    spectrogram: Iterator[Bands], total: int, longest: int = LONGEST_WHOLE, context: int = CONTEXT
) -> Iterator[tuple[Bands, int, int]]:
    """Yield (frames to read, index of the first that counts, how many count): together each frame counts once.

    Args:
        spectrogram: blocks of frames.
        total: frames in all.
        longest: frames that are read in one go.
        context: frames on either side that are read along, where there are any.
    """
    step = total if total <= longest else longest - 2 * context
    held = np.empty((0, 0), dtype=np.float32)
    begin = 0  # the frame that `held` starts with
    for start in range(0, total, step):
        stop = min(total, start + step + context)
        held, begin = held[max(0, start - context) - begin :], max(0, start - context)
        parts = [held] if held.size else []
        reached = begin + held.shape[0]
        while reached < stop:
            parts.append(next(spectrogram))
            reached += parts[-1].shape[0]
        held = np.concatenate(parts)
        yield held[: stop - begin], start - begin, min(step, total - start)
