"""AudioBox Aesthetics: how much listeners are predicted to enjoy a recording, and how well it is made.

The network is the library's own (Tjandra et al. 2025, "Meta Audiobox Aesthetics"); its loading is ours, because the
library chooses the device by itself, and downloads without asking where a path does not exist. As its authors do, the
mono mix at 16 kHz is cut into windows of 10 s; the last one is filled up with silence, which is masked, and the scores of
all windows are averaged, each with the share of it that is sound. The resampler is sda's, not torchaudio's.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.descriptions import described, unfitting
from small_dataset_audio.models.heard import SILENT, Heard, Mono
from small_dataset_audio.models.opening import extra, state_dict
from small_dataset_audio.models.store import Store

if TYPE_CHECKING:
    from torch.nn import Module

MODEL: Final = "audiobox_aesthetics"
"""The registry's name."""
EXTRA: Final = "aesthetics"
LIBRARY: Final = "audiobox_aesthetics"
RATE: Final = 16000
"""Hz."""
WINDOW: Final = 10 * RATE
"""Samples in a window."""
AXES: Final = {
    "CE": "content_enjoyment",
    "CU": "content_usefulness",
    "PC": "production_complexity",
    "PQ": "production_quality",
}
"""The authors' name of each axis -> ours."""

_WEIGHTS: Final = "model.safetensors"
_DESCRIPTION: Final = "config.json"
_CPU_BATCH: Final = 2
_ACCELERATOR_BATCH: Final = 6
"""Windows at once; each takes a quarter of a GiB."""


@dataclass(frozen=True)
class Scale:
    """How one axis's answers become points: ``answer * std + mean``."""

    mean: float
    std: float


@dataclass(frozen=True)
class Scores:
    """What the network says about one recording.

    Attributes:
        values: name -> points, 1 to 10 by the training's scale; stored as predicted, never clamped.
        absent: name -> why there is none.
        windows: how many windows were heard.
        warnings: sentences for the user.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    windows: int = 0
    warnings: tuple[str, ...] = ()


def open_aesthetics(store: Store, device: str = "cpu") -> "Aesthetics":
    """Return the network, its weights verified and loaded, on ``device``.

    Raises:
        EnvironmentFault: the library is not installed.
        MissingWeights: the weights are not.
        ModelError: they are not what they must be, or do not fit the network.
    """
    home = store.require(MODEL)
    description = described(home / _DESCRIPTION)
    scales = _scales(home / _DESCRIPTION, description)
    torch = import_torch()
    network = _network(home, description)
    try:
        network.load_state_dict(state_dict(home / _WEIGHTS), strict=True)
    except RuntimeError as error:
        raise unfitting(home / _WEIGHTS, " ".join(str(error).split())[:300]) from error
    network.to(torch.device(device)).eval()
    return Aesthetics(network, scales, Batches(_CPU_BATCH if device == "cpu" else _ACCELERATOR_BATCH, device))


class Aesthetics:
    """The network, opened once.

    Args:
        network: the library's, on its device, ready for inference.
        scales: the authors' name of each axis -> how its answers become points.
        batches: how many windows are heard together.
    """

    def __init__(self, network: "Module", scales: Mapping[str, Scale], batches: Batches) -> None:
        self._network = network
        self._scales = scales
        self._batches = batches

    def __call__(self, clip: Clip) -> Scores:
        """Return the four scores of ``clip``, which is read in blocks: memory does not grow with its length.

        Raises:
            OutOfMemory: memory ran out, and again with half the batch.
            ModelError: the network answers with something other than numbers.
        """
        heard = Heard(clip, RATE)
        said: list[str] = []
        totals = dict.fromkeys(AXES, 0.0)
        shares = windows = 0.0
        for share, points in self._batches.run("judging the recording", _windows(heard), self._judged, said):
            windows += len(share)
            shares += float(share.sum())
            for axis, of_axis in points.items():
                totals[axis] += float((of_axis * share).sum())
        if heard.silent:
            return Scores(absent=dict.fromkeys(AXES.values(), SILENT), warnings=tuple(said))
        values = {name: totals[axis] / shares for axis, name in AXES.items()}
        if not all(map(math.isfinite, values.values())):
            raise unfitting(Path(MODEL, _WEIGHTS), "Its scores are not finite numbers.")
        return Scores(values, windows=int(windows), warnings=tuple(said))

    def _judged(self, batch: list[Mono]) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """Return how much of each window is sound ``[shape=(n,)]``, and each axis's points ``[shape=(n,)]``."""
        torch = import_torch()
        sounds = np.zeros((len(batch), 1, WINDOW), dtype=np.float32)
        masks = np.zeros((len(batch), 1, WINDOW), dtype=np.bool_)
        for row, window in enumerate(batch):
            sounds[row, 0, : window.shape[0]] = window
            masks[row, 0, : window.shape[0]] = True
        with torch.inference_mode(), _quiet():
            device = torch.device(self._batches.device)
            answers = self._network(
                {"wav": torch.from_numpy(sounds).to(device), "mask": torch.from_numpy(masks).to(device)}
            )
            points = {
                axis: answers[axis].double().cpu().numpy() * scale.std + scale.mean
                for axis, scale in self._scales.items()
            }
        return np.array([window.shape[0] / WINDOW for window in batch]), points


def _windows(heard: Heard) -> Iterator[Mono]:
    """Yield windows ``[shape=(WINDOW,)]``, one after the other; the last one may be shorter."""
    waiting: Mono = np.empty(0, dtype=np.float32)
    for block in heard:
        waiting = np.concatenate([waiting, block])
        while waiting.shape[0] >= WINDOW:
            yield waiting[:WINDOW]
            waiting = waiting[WINDOW:]
    if waiting.shape[0]:
        yield waiting


def _scales(path: Path, description: Mapping[str, Any]) -> dict[str, Scale]:
    """Return how each axis's answers become points."""
    transform = description.get("target_transform")
    scales = {}
    for axis in AXES:
        try:
            scale = Scale(float(transform[axis]["mean"]), float(transform[axis]["std"]))  # type: ignore[index]
        except (KeyError, TypeError, ValueError) as error:
            raise unfitting(path, f"It has no mean and std for {axis} under `target_transform`.") from error
        if not (math.isfinite(scale.mean) and math.isfinite(scale.std) and scale.std > 0):
            raise unfitting(path, f"Mean and std for {axis} are not the numbers of a scale.")
        scales[axis] = scale
    return scales


def _network(home: Path, description: Mapping[str, Any]) -> "Module":
    """Return the network that is described, with weights yet to be loaded; nothing is fetched."""
    library = extra(f"{LIBRARY}.model.aes", EXTRA)
    known = library.AesMultiOutput.__dataclass_fields__
    try:
        with _quiet():
            network: Module = library.AesMultiOutput(
                **{key: value for key, value in description.items() if key in known}
            )
    except (TypeError, ValueError, KeyError) as error:
        raise unfitting(home / _DESCRIPTION, f"The library cannot build it: {error}.") from error
    return network


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what torch remarks on the library's code: the user cannot act on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield
