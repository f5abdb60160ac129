"""Networks for drums and beats in the files in which they are published: real architectures, with weights made here.

ADTOF's are set by hand so that its answers are known: each drum's output follows the level in a few bands of its own,
frame by frame. Those of Beat This! and DrumSep are small and random.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription.frames import centres
from support.signals import Signal
from support.tiny_models import tiny_store

RATE = 44100
ADTOF_FILE = "adtof_frame_rnn_pytorch_weights.pth"
HEARD_HZ = {"kick": (40, 90), "snare": (300, 600), "tom": (1000, 1500), "hat": (8000, 18000), "cymbal": (4000, 6000)}
"""Drum -> the frequencies that its output of the hand-made network follows."""
BEEP_HZ = {"kick": 60.0, "snare": 420.0, "tom": 1250.0, "hat": 12000.0, "cymbal": 5000.0}
"""A tone in each of them."""
TINY_BEATS: dict[str, Any] = {"transformer_dim": 16, "n_layers": 1, "head_dim": 8, "stem_dim": 8}
KIT = ("bombo", "redoblante", "platillos", "toms")
"""What DrumSep calls its stems."""


def hand_made_adtof() -> dict[str, Any]:
    """Return the tensors of a network whose outputs follow the levels in `HEARD_HZ`, by their names."""
    torch = import_torch()
    from small_dataset_audio.models.transcription.network import FrameRnn

    state = {name: torch.zeros_like(tensor) for name, tensor in FrameRnn().state_dict().items()}
    for block in (0, 1):
        for layer in (0, 3):
            state[f"cnn_blocks.{block}.{layer}.weight"][0, 0, 1, 1] = 1.0  # the first filter hands on what it sees
        for layer in (2, 5):
            state[f"cnn_blocks.{block}.{layer}.weight"][:] = 1.0
            state[f"cnn_blocks.{block}.{layer}.running_var"][:] = 1.0
    pooled = np.minimum((np.arange(84) // 3 + 1) // 3, 9)  # where each band goes: pools of 3, then of 3 with a margin
    for layer in range(3):
        state[f"gru_layers.{layer}.bias_ih_l0"][60:120] = -20.0  # the state is what comes in, and is forgotten at once
        for drum, (low, high) in enumerate(HEARD_HZ.values()):
            columns = 64 * np.unique(pooled[(centres() >= low) & (centres() < high)]) if layer == 0 else [drum]
            for column in columns:
                state[f"gru_layers.{layer}.weight_ih_l0"][120 + drum, int(column)] = 0.2 if layer == 0 else 1.0
    for drum in range(5):
        state["output_layer.weight"][drum, drum] = 30.0
    state["output_layer.bias"][:] = -5.0
    return state


def as_published(state: dict[str, Any]) -> dict[str, Any]:
    """Return the tensors as the published checkpoint has them: in double precision, recurrent ones under two names."""
    made = {name: one.double() if one.is_floating_point() else one for name, one in state.items()}
    for name in list(made):
        if name.startswith("gru_layers."):
            layer, number, what = name.split(".")
            direction = "bw" if what.endswith("_reverse") else "fw"
            made[f"{layer}.{number}.{direction}.{what.removesuffix('_reverse').removesuffix('_l0')}"] = made[name]
    return made


def file_of(content: object) -> bytes:
    """Return a PyTorch checkpoint of ``content``."""
    torch = import_torch()
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def adtof_store(folder: Path) -> Store:
    """Return a store in which the hand-made ADTOF is installed."""
    return tiny_store(folder, {"adtof_frame_rnn": {ADTOF_FILE: file_of(as_published(hand_made_adtof()))}})


def beats_file(**changes: object) -> bytes:
    """Return a checkpoint of a tiny Beat This! as its training program writes it; ``changes`` replace parts of it."""
    torch = import_torch()
    from beat_this.model.beat_tracker import BeatThis

    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = {f"model.{name}": tensor for name, tensor in BeatThis(**TINY_BEATS).state_dict().items()}
    return file_of({"hyper_parameters": {**TINY_BEATS, "lr": 0.0008}, "state_dict": state, **changes})


def beats_store(folder: Path, name: str = "beat_this", content: bytes | None = None) -> Store:
    """Return a store in which a tiny Beat This! is installed under ``name``."""
    return tiny_store(folder, {name: {"tiny.ckpt": beats_file() if content is None else content}})


def drumsep_file(**changes: object) -> bytes:
    """Return a checkpoint of a tiny Hybrid Demucs as Demucs' training program writes it: a pickle that names its class."""
    torch = import_torch()
    from demucs.hdemucs import HDemucs

    arguments = {"sources": [*KIT], "channels": 4, "segment": 0.5}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = HDemucs(**arguments)
    state = {name: tensor.half() for name, tensor in network.state_dict().items()}
    kwargs = {**arguments, "a_training_option": 1}
    return file_of({"klass": HDemucs, "args": (), "kwargs": kwargs, "state": state, **changes})


def beeps(moments: dict[str, list[float]], seconds: float, rate: int = RATE) -> Signal:
    """Return short tones, one frequency a drum (`BEEP_HZ`), that start at ``moments`` ``[shape=(1, n)]``."""
    wave = np.zeros(round(seconds * rate))
    t = np.arange(round(0.05 * rate)) / rate
    for drum, times in moments.items():
        sound = 0.3 * np.sin(2 * np.pi * BEEP_HZ[drum] * t) * np.hanning(t.size)
        for moment in times:
            start = round(moment * rate)
            wave[start : start + t.size] += sound[: wave.size - start]
    return wave.astype(np.float32)[np.newaxis]
