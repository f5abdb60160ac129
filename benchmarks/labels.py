"""How fast and how right labels and aesthetics are: the front end beside torch and Essentia, and the whole way of a recording.

    python benchmarks/labels.py [FILE] [--models DIR] [--device cpu|mps|cuda:0]

Without FILE, one minute of noise in stereo is measured. With `--models`, the folder of models that `sda models pull` filled,
the networks are measured as well. Essentia is no dependency: without it, or where it cannot be imported, its line is left
out. Everything runs on one core on the CPU; seconds are processor time, the least of several runs.
"""

import argparse
import importlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.aesthetics import open_aesthetics
from small_dataset_audio.models.classification import open_classifier
from small_dataset_audio.models.classification.melspectrogram import FRAME, HOP, RATE, log_mel, mel_filters
from small_dataset_audio.models.heard import Heard, Mono
from small_dataset_audio.models.store import Store

RUNS = 5

Frames = NDArray[np.float32]


def least_seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the least processor time of several runs, in seconds."""
    times = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def frames_of_sda(signal: Mono) -> Frames:
    """Return the frames of this package's front end ``[shape=(frames, 96)]``."""
    return np.concatenate(list(log_mel([signal])))


def frames_of_torch(signal: Mono) -> Frames:
    """Return the same frames, computed with torch."""
    torch = import_torch()
    padded = torch.nn.functional.pad(torch.from_numpy(signal), (0, -len(signal) % HOP))
    window = torch.hann_window(FRAME, periodic=False)
    spectrum = torch.stft(padded, FRAME, HOP, window=window, center=True, pad_mode="constant", return_complex=True)
    mel = torch.from_numpy(mel_filters().copy()) @ (spectrum.real**2 + spectrum.imag**2)
    return np.asarray(torch.log10(1 + 10000 * mel).T.numpy())


def frames_of_essentia(signal: Mono) -> Frames | None:
    """Return the frames of Essentia's own front end; None where it is not installed."""
    try:
        standard = importlib.import_module("essentia.standard")
    except ImportError:
        return None
    mel = standard.TensorflowInputMusiCNN()
    cutter = standard.FrameGenerator(signal, frameSize=FRAME, hopSize=HOP, startFromZero=False)
    return np.array([mel(frame) for frame in cutter])


def measure_front_end(clip: Clip) -> None:
    """Print how fast the front end is, and how far it is from the others."""
    mono = np.concatenate(list(Heard(clip, RATE)))
    ours = frames_of_sda(mono)
    seconds = clip.seconds
    resampling = least_seconds(lambda: list(Heard(clip, RATE)))
    print(f"mono at {RATE} Hz     {seconds / resampling:8.0f} x real time")
    print(f"front end, sda       {seconds / least_seconds(lambda: frames_of_sda(mono)):8.0f} x real time")
    print(f"front end, torch     {seconds / least_seconds(lambda: frames_of_torch(mono)):8.0f} x real time")
    print(f"  largest difference {np.abs(frames_of_torch(mono) - ours).max():12.1e}")
    theirs = frames_of_essentia(mono)
    if theirs is not None:
        print(f"front end, Essentia  {seconds / least_seconds(lambda: frames_of_essentia(mono), 1):8.0f} x real time")
        print(f"  largest difference {np.abs(theirs - ours).max():12.1e}")


def measure_models(clip: Clip, store: Store, device: str) -> None:
    """Print how long a minute of audio takes with the networks that are installed."""
    minutes = clip.seconds / 60
    if not store.missing("discogs_effnet"):
        classify = open_classifier(store, device)
        print(f"labels               {least_seconds(lambda: classify(clip), 2) / minutes:8.2f} s per minute")
    if not store.missing("audiobox_aesthetics"):
        judge = open_aesthetics(store, device)
        print(f"aesthetics           {least_seconds(lambda: judge(clip), 2) / minutes:8.2f} s per minute")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="How fast and how right labels and aesthetics are.")
    parser.add_argument("file", type=Path, nargs="?", help="a recording")
    parser.add_argument("--models", type=Path, help="the folder of models")
    parser.add_argument("--device", default="cpu", help="where networks run")
    arguments = parser.parse_args()
    import_torch().set_num_threads(1)
    if arguments.file is None:
        noise = np.random.default_rng(0).standard_normal((2, 60 * 44100), dtype=np.float32)
        clip = Clip(noise * np.float32(0.1), 44100)
    else:
        clip = decode(arguments.file)
    with threadpool_limits(1):
        measure_front_end(clip)
        if arguments.models is not None:
            measure_models(clip, Store(arguments.models), arguments.device)


if __name__ == "__main__":
    main()
