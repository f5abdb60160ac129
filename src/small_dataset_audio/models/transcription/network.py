"""ADTOF's frame RNN in torch. Import this module only after `hardware.runtime.import_torch`: it imports torch at once.

Source: Zehren, Alunno and Bientinesi, "ADTOF", ISMIR 2021, and "High-quality and reproducible automatic drum
transcription from crowdsourced data", Signals 2023 (the architecture "Frame RNN"). The parts are named as in the
published PyTorch conversion of its weights, so that a checkpoint's names say where each tensor belongs.
"""

from typing import Final

import torch
from torch import Tensor, nn

BANDS: Final = 84
"""Bands per frame of `frames.blocks`."""
FILTERS: Final = (32, 64)
"""Filters of the two convolutional blocks."""
UNITS: Final = (60, 60, 60)
"""Units of the recurrent layers, in each direction."""
CLASSES: Final = 5
"""Kick, snare, tom, hi-hat, cymbal: `hits.DRUMS`."""
REACH: Final = 4
"""Frames on either side that reach a frame through the four convolutions."""
_POOL: Final = 3
_EPSILON: Final = 1e-3
"""Of the batch normalisation, as in Keras, in which the weights were trained."""


class FrameRnn(nn.Module):
    """The network: spectrogram frames to the probability of a stroke on each drum in each frame."""

    def __init__(self) -> None:
        super().__init__()
        self.cnn_blocks = nn.ModuleList()
        channels, bands = 1, BANDS
        for filters in FILTERS:
            self.cnn_blocks.append(_block(channels, filters, bands))
            channels, bands = filters, -(-bands // _POOL)
        self.gru_layers = nn.ModuleList()
        inputs = channels * bands
        for units in UNITS:
            self.gru_layers.append(nn.GRU(inputs, units, batch_first=True, bidirectional=True))
            inputs = 2 * units
        self.output_layer = nn.Linear(inputs, CLASSES)

    def features(self, frames: Tensor) -> Tensor:
        """Return what the convolutions make of ``frames`` ``[shape=(n, BANDS)]`` -> ``[shape=(n, 640)]``."""
        made = frames[None, None]
        for block in self.cnn_blocks:
            made = block(made)
        return made[0].permute(1, 2, 0).flatten(start_dim=1)  # frequency first, then filter, as Keras flattens

    def strokes(self, features: Tensor) -> Tensor:
        """Return the probabilities that follow from ``features`` ``[shape=(n, 640)]`` -> ``[shape=(n, CLASSES)]``."""
        made = features[None]
        for layer in self.gru_layers:
            made, _ = layer(made)
        return torch.sigmoid(self.output_layer(made))[0]

    def forward(self, frames: Tensor) -> Tensor:
        """Return the probability of a stroke ``[shape=(n, BANDS)]`` -> ``[shape=(n, CLASSES)]``."""
        return self.strokes(self.features(frames))


def _block(channels: int, filters: int, bands: int) -> nn.Sequential:
    """Return a convolutional block; the last bands are pooled as in Keras ("same"): what lies beyond is left out."""
    missing = -bands % _POOL
    return nn.Sequential(
        nn.Conv2d(channels, filters, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(filters, eps=_EPSILON),
        nn.Conv2d(filters, filters, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(filters, eps=_EPSILON),
        nn.MaxPool2d((1, _POOL), (1, _POOL), padding=(0, (missing + 1) // 2)),
    )
