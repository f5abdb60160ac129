"""The reference workload: a 1-D convolutional autoencoder for 48 kHz audio.

The shape of the neural audio codecs (SoundStream, arXiv:2107.03312; EnCodec, arXiv:2210.13438): strided convolutions
down to 300 frames per second at 48 kHz, a residual unit before each, and the mirror image up again. It is a small one:
what trains slower or larger than this is measured as a workload of its own.

    stem        conv, 15 taps, stride 2                         channels -> 16
    down x 3    residual unit; conv, 2s taps, stride s          16 -> 32 -> 64 -> 128, s = 4, 4, 5
    up x 3      transposed conv, 2s taps, stride s; unit        128 -> 64 -> 32 -> 16, s = 5, 4, 4
    head        transposed conv, 4 taps, stride 2               16 -> channels

A residual unit is group normalisation, GELU and a convolution of 7 taps, added to its input.
"""

from math import ceil
from types import ModuleType
from typing import Any, Final

from small_dataset_audio.hardware.benchmark.workloads import Workload

WIDTHS: Final = (16, 32, 64, 128)
STRIDES: Final = (4, 4, 5)
TAPS: Final = 7
STEM_STRIDE: Final = 2
STEM_TAPS: Final = 15
HEAD_TAPS: Final = 2 * STEM_STRIDE
HOP: Final = STEM_STRIDE * STRIDES[0] * STRIDES[1] * STRIDES[2]
"""Samples per frame of the code."""

_FORWARD_AND_BACKWARD: Final = 3
"""The backward pass computes the gradient of the input and that of the weights: two more of the same size."""
_MULTIPLY_ADD: Final = 2


def build(torch: ModuleType, channels: int) -> Any:  # noqa: ANN401 - a torch module
    """Return the autoencoder for sound of ``channels`` channels; the sound may have any length."""
    nn = torch.nn

    class Residual(nn.Module):  # type: ignore[misc, name-defined]
        """Adds what its layers make of the input to it."""

        def __init__(self, width: int) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.GroupNorm(1, width), nn.GELU(), nn.Conv1d(width, width, TAPS, padding=TAPS // 2)
            )

        def forward(self, sound: Any) -> Any:  # noqa: ANN401 - a tensor
            """Return a sound with what the layers make of it added ``[shape=(batch, width, n)]``."""
            return sound + self.layers(sound)

    class Autoencoder(nn.Module):  # type: ignore[misc, name-defined]
        """Pads to whole frames, goes through the code, and cuts to the length that came in."""

        def __init__(self) -> None:
            super().__init__()
            stem = nn.Conv1d(channels, WIDTHS[0], STEM_TAPS, STEM_STRIDE, STEM_TAPS // 2)
            down = [
                layer
                for width, wider, stride in zip(WIDTHS, WIDTHS[1:], STRIDES, strict=False)
                for layer in (Residual(width), nn.Conv1d(width, wider, 2 * stride, stride, ceil(stride / 2)))
            ]
            up = [
                layer
                for wider, width, stride in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], STRIDES[::-1], strict=True)
                for layer in (
                    nn.ConvTranspose1d(wider, width, 2 * stride, stride, ceil(stride / 2), stride % 2),
                    Residual(width),
                )
            ]
            head = nn.ConvTranspose1d(WIDTHS[0], channels, HEAD_TAPS, STEM_STRIDE, STEM_STRIDE // 2)
            self.layers = nn.Sequential(stem, *down, *up, head)

        def forward(self, sound: Any) -> Any:  # noqa: ANN401 - a tensor
            """Return the sound that comes back from the code, as long as ``sound`` ``[shape=(batch, channels, n)]``."""
            length = sound.shape[-1]
            padded = nn.functional.pad(sound, (0, -length % HOP))
            return self.layers(padded)[..., :length]

    return Autoencoder()


def parameters(channels: int) -> int:
    """Return the number of weights."""
    total = channels * WIDTHS[0] * STEM_TAPS + WIDTHS[0] + WIDTHS[0] * channels * HEAD_TAPS + channels
    for width, wider, stride in zip(WIDTHS, WIDTHS[1:], STRIDES, strict=False):
        unit = width * width * TAPS + width + 2 * width
        total += 2 * unit + 2 * width * wider * 2 * stride + width + wider
    return total


def flops(channels: int, samples: int) -> int:
    """Return the floating-point operations of the convolutions in one training step, per example.

    Those of normalisation, activation, loss and optimiser are left out: they are under 3 % of it.
    """
    length = ceil(samples / HOP) * HOP // STEM_STRIDE
    products = channels * WIDTHS[0] * (STEM_TAPS + HEAD_TAPS) * length
    for width, wider, stride in zip(WIDTHS, WIDTHS[1:], STRIDES, strict=False):
        products += 2 * width * width * TAPS * length
        length //= stride
        products += 2 * width * wider * 2 * stride * length
    # Of the stem only the gradient of the weights is needed: nothing learns before it.
    stem = channels * WIDTHS[0] * STEM_TAPS * (ceil(samples / HOP) * HOP // STEM_STRIDE)
    return _MULTIPLY_ADD * (_FORWARD_AND_BACKWARD * products - stem)


WORKLOAD: Final = Workload(
    "training steps (forward, loss, backward, AdamW) of a small 1-D convolutional autoencoder", build, parameters, flops
)
