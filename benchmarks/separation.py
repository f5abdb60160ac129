"""What separation costs: seconds and memory per backend, with random weights in the published sizes.

    python benchmarks/separation.py speed [--backend dsp,demucs,demucs_ft,roformer] [--seconds 30] [--device cpu] [--half]
    python benchmarks/separation.py memory [--minutes 1,60] [--backend dsp|demucs]
    python benchmarks/separation.py quality

`speed` builds each network in its published size with random weights, which cost what trained ones do, and prints how many
seconds of audio it separates in a second. `memory` separates recordings of several lengths from disk, one process each,
and prints the largest resident memory. `quality` separates the demo's pieces with the embedded backend and prints how
much nearer to the true parts its stems are than the mix is (signal to distortion, dB).
"""

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.spool import Scratch, Spool
from small_dataset_audio.dataset.demo.mixdown import played, through_strip
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.schedule import all_onsets
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.separation.demucs import open_demucs
from small_dataset_audio.models.separation.dsp import SOURCES, open_dsp
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.separation.network import Network
from small_dataset_audio.models.separation.roformer import open_roformer

RATE = 44100
DEMUCS = {"htdemucs": ("955717e8",), "htdemucs_ft": ("f7e0c4bc", "d12395a8", "92cfc3b6", "04573f0d")}
HTDEMUCS = {"sources": ["drums", "bass", "other", "vocals"], "channels": 48, "t_layers": 5, "bottom_channels": 512}
DRUMS = {"kick", "snare", "hat", "ride", "crash"}
BASSES = {"bass", "sub", "reese", "low"}


def write_demucs(folder: Path, names: tuple[str, ...]) -> None:
    """Write HTDemucs in its published size with random weights."""
    import_torch()
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    segment = Fraction(39, 5)
    network = HTDemucs(**HTDEMUCS, segment=segment)
    fraction = {"_type": "fraction", "numerator": segment.numerator, "denominator": segment.denominator}
    header = {
        "klass": "demucs.htdemucs.HTDemucs",
        "args": "[]",
        "kwargs": json.dumps({**HTDEMUCS, "segment": fraction}),
    }
    for name in names:
        save_file(
            {key: each.contiguous() for key, each in network.state_dict().items()},
            folder / f"{name}.safetensors",
            header,
        )


def write_roformer(folder: Path) -> tuple[str, str]:
    """Write the six-stem BS-RoFormer of the package's own description with random weights; return both names."""
    torch = import_torch()
    import bs_roformer

    described = Path(bs_roformer.__file__).parent / "configs" / "BS-Rofo-SW-Fixed.yaml"
    content = importlib.import_module("yaml").safe_load(described.read_text())
    arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in content["model"].items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(bs_roformer.BSRoformer(**arguments).state_dict(), folder / "model.ckpt")
    (folder / "model.yaml").write_text(described.read_text())
    return "model.ckpt", "model.yaml"


def opened(backend: str, device: str, *, half: bool) -> Network:
    """Return a backend in its published size."""
    if backend == "dsp":
        return open_dsp()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if backend == "roformer":
            return open_roformer("bs_roformer_sw", folder, write_roformer(folder), device, half=half)
        model = backend.replace("demucs", "htdemucs")
        write_demucs(folder, DEMUCS[model])
        return open_demucs(model, folder, device, half=half)


def speed(backends: list[str], seconds: float, device: str, *, half: bool, batch: int) -> None:
    """Print seconds of audio per second for each backend: the best of two runs."""
    mix = 0.1 * np.random.default_rng(0).standard_normal((2, round(seconds * RATE))).astype(np.float32)
    for backend in backends:
        network = opened(backend, device, half=half)
        separator = Separator(network, Batches(batch, device))
        best, processor = np.inf, np.inf
        for _ in range(2):
            began, used = time.perf_counter(), time.process_time()
            separator.separate(Clip(mix, RATE), "separating", None, [])
            best, processor = min(best, time.perf_counter() - began), min(processor, time.process_time() - used)
        print(
            f"{backend:10s} {seconds:.0f} s of audio: {seconds / best:7.2f} x real time, "
            f"{processor / seconds * 60:7.1f} s of processor time a minute, {gflop(network):.0f} GFLOP a second of audio",
            flush=True,
        )


def gflop(network: Network) -> float:
    """Return the billions of floating-point operations in matrices and convolutions for a second of audio."""
    if network.module is None:
        return 0.0
    counter = importlib.import_module("torch.utils.flop_counter").FlopCounterMode(display=False)
    with counter:
        network.apply(np.zeros((1, network.channels or 1, network.segment), dtype=np.float32), RATE)
    return float(counter.get_total_flops()) / 1e9 / (network.segment * (1 - network.overlap) / RATE)


def memory(minutes: list[float], backend: str) -> None:
    """Print the largest resident memory for recordings of several lengths, each in a process of its own."""
    for length in minutes:
        words = [sys.executable, __file__, "one", "--minutes", str(length), "--backend", backend]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        print(f"{backend}: {length:g} min: {done.stdout.strip()}")


def one_recording(minutes: float, backend: str) -> None:
    """Separate a recording from disk and print what that took. A network is replaced by one that only multiplies."""
    network = open_dsp()
    if backend != "dsp":
        shares = np.full((4, 1, 1), 0.25, dtype=np.float32)
        sources = ("drums", "bass", "other", "vocals")
        network = Network(
            backend, None, sources, RATE, 2, 343980, 0.25, normalise=True, apply=lambda each, _: each[:, None] * shares
        )
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        spool = Spool(2, round(minutes * 60 * RATE), folder)
        random = np.random.default_rng(0)
        for _ in range(round(minutes * 60)):
            spool.append(0.1 * random.standard_normal((2, RATE), dtype=np.float32))
        clip = Clip(spool.finish(), RATE)
        began = time.process_time()
        Separator(network, Batches(1, "cpu")).separate(clip, "separating", Scratch(folder, most_held=0), [])
        used = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak:.0f} MiB, {used:.1f} s of processor time")


def parts_of(index: int) -> dict[str, Samples]:
    """Return the true bass, drums and other of one of the demo's pieces, before its master."""
    piece = PIECES[index]
    schedule = all_onsets(piece)
    kicks = [
        round(one.start * piece.master.rate)
        for part in piece.parts
        if part.role == "kick"
        for one in schedule[part.name]
    ]
    found: dict[str, Samples] = {}
    for part in piece.parts:
        track = through_strip(piece, part.strip, played(piece, part, schedule[part.name], piece.samples), kicks)
        kind = "drums" if part.role in DRUMS else "bass" if part.name in BASSES else "other"
        found[kind] = found.get(kind, np.float32(0)) + track.astype(np.float32)
    return found


def quality() -> None:
    """Print the gain in signal to distortion of every stem of the demo's pieces."""
    gains: dict[str, list[float]] = {source: [] for source in SOURCES}
    for index, piece in enumerate(PIECES):
        parts = parts_of(index)
        if len(parts) == 1:
            continue
        mix = np.sum(list(parts.values()), axis=0)
        made = Separator(open_dsp(), Batches(1, "cpu")).separate(Clip(mix, piece.master.rate), "separating", None, [])
        for name, part in parts.items():
            gains[name].append(distortion(part, made[name]) - distortion(part, mix))
            print(f"{piece.title:20s} {name:6s} {distortion(part, mix):6.1f} -> {distortion(part, made[name]):6.1f} dB")
    print("mean gain:", ", ".join(f"{name} {np.mean(each):.1f} dB" for name, each in gains.items()))


def distortion(part: Samples, estimate: Samples) -> float:
    """Return 10 log10 of the part's energy over that of the error."""
    error = np.square(part - estimate, dtype=np.float64).sum()
    return float(10 * np.log10(np.square(part, dtype=np.float64).sum() / error))


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "memory", "quality", "one"])
    parser.add_argument("--backend", default="")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--minutes", default="1,60")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--half", action="store_true")
    options = parser.parse_args()
    if options.what == "speed":
        backends = (options.backend or "dsp,demucs,roformer").split(",")
        speed(backends, options.seconds, options.device, half=options.half, batch=options.batch)
    elif options.what == "memory":
        memory([float(each) for each in options.minutes.split(",")], options.backend or "dsp")
    elif options.what == "quality":
        quality()
    else:
        one_recording(float(options.minutes), options.backend)


if __name__ == "__main__":
    main()
