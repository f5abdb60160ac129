"""Whether the short-term spectra of the analysis would be faster on an accelerator, for a batch of files.

    python benchmarks/accelerator.py --device cpu|cuda|mps [--files 8] [--minutes 3]

Measured for the same sound: the whole analysis of a file as it is; of that, the short-term spectra that the families are made of,
as scipy computes them on one core; and the same by torch on the device, the way there of the samples and the way
back of the magnitudes included, which the families go on with. From these follow the bound (what an analysis would take if the
spectra took no time at all) and the outcome on this device. Best of three each.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

TRANSFORMS = (
    (44100, 2048, 512),
    (22050, 1024, 220),
    (11025, 4096, 2048),
    (44100, 131072, 98304),
    (44100, 2048, 512),
    (44100, 4096, 1024),
)
"""Rate, frame and hop of the spectra of the families spectral, rhythm, harmonic, bands, and (two) timbre."""
CHANNELS = (1, 1, 2, 2, 1, 1)
"""How many channels each is taken of."""


def best(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Return the seconds of the fastest of three runs of ``work``: of the processor, which other programs do not change."""
    taken = []
    for _ in range(3):
        began = clock()
        work()
        taken.append(clock() - began)
    return min(taken)


def signals(seconds: float) -> list[NDArray[np.float32]]:
    """Return the sound that each transform is taken of."""
    generator = np.random.default_rng(0)
    return [
        (0.1 * generator.standard_normal((channels, round(seconds * rate)))).astype(np.float32)
        for (rate, _, _), channels in zip(TRANSFORMS, CHANNELS, strict=True)
    ]


def by_scipy(sounds: list[NDArray[np.float32]]) -> None:
    """Take all spectra in blocks that stay in the processor's cache, as the families do."""
    from scipy import fft

    for sound, (_, frame, hop) in zip(sounds, TRANSFORMS, strict=True):
        window = np.hanning(frame).astype(np.float32)
        together = max(1, (1 << 18) // frame)
        for channel in sound:
            frames = np.lib.stride_tricks.sliding_window_view(channel, frame)[::hop]
            for first in range(0, frames.shape[0], together):
                np.abs(fft.rfft(frames[first : first + together] * window, axis=1))


def by_torch(sounds: list[NDArray[np.float32]], device: "torch.device") -> None:
    """Take all spectra on ``device`` and fetch their magnitudes."""
    import torch

    for sound, (_, frame, hop) in zip(sounds, TRANSFORMS, strict=True):
        window = torch.hann_window(frame, device=device)
        there = torch.from_numpy(sound).to(device)
        torch.stft(there, frame, hop, window=window, center=False, return_complex=True).abs().cpu()


def analysis(seconds: float) -> float:
    """Return the seconds that a whole analysis of a FLAC of the demo's music takes, decoding included."""
    from memory import compose_minutes

    from small_dataset_audio.audio.decode import decode
    from small_dataset_audio.features.extract import measure_clips
    from small_dataset_audio.features.sound import Options

    with TemporaryDirectory() as folder:
        file = Path(folder) / "music.flac"
        compose_minutes(file, seconds / 60.0, TRANSFORMS[0][0])
        return best(lambda: measure_clips(decode(file), {}, Options()))


def main() -> int:
    """Print the comparison and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=3.0)
    options = parser.parse_args()
    seconds = options.minutes * 60.0
    whole = analysis(seconds)
    sounds = signals(seconds)
    scipy = best(lambda: [by_scipy(sounds) for _ in range(options.files)]) / options.files
    began = time.perf_counter()
    import torch

    device = torch.device(options.device)
    torch.set_num_threads(1)
    by_torch(sounds, device)  # the first one prepares the device
    start = time.perf_counter() - began
    clock = time.process_time if device.type == "cpu" else time.perf_counter  # what a device does is no processor time
    there = best(lambda: [by_torch(sounds, device) for _ in range(options.files)], clock) / options.files
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(f"one file of {options.minutes:g} min, a batch of {options.files}, one core; device: {name}")
    print(f"whole analysis            {whole:7.3f} s")
    print(f"spectra by scipy          {scipy:7.3f} s  ({100 * scipy / whole:.0f} % of it)")
    print(f"spectra by torch, {options.device:7} {there:7.3f} s  (and once {start:.1f} s to start)")
    print(f"analysis, spectra on {options.device:4} {whole - scipy + there:7.3f} s")
    print(f"analysis, spectra free    {whole - scipy:7.3f} s  (the bound on any device)")
    verdict = "faster" if there < scipy else "slower"
    print(
        f"On {name} the spectra are {verdict}: the analysis takes {(whole - scipy + there) / whole:.2f} times as long."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
