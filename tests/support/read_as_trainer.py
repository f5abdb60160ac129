"""Reads an export with the loader and the conditioners of Stable Audio Tools; run as a program by `support.trainer`.

Arguments: where the answer goes, then for each dataset config its path and how many samples of a recording are wanted.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from stable_audio_tools.data.dataset import create_dataloader_from_config  # type: ignore[import-not-found]
from stable_audio_tools.models.conditioners import (  # type: ignore[import-not-found]
    create_multi_conditioner_from_conditioning_config,
)

_RATE = 44100
_SMALL = 256
"""Features of a conditioner: any number, and its embedder is quick."""


def _hertz(audio: "torch.Tensor") -> float:
    spectrum = torch.fft.rfft(audio.double().mean(dim=0) * torch.hann_window(audio.shape[-1])).abs()
    return float(spectrum.argmax() * _RATE / audio.shape[-1])


def _embedded(known: list[dict[str, Any]], conditioning: dict[str, Any]) -> dict[str, list[list[float]]]:
    """Return id -> what the trainer's own conditioner makes of each recording, for all but the text (T5 has weights)."""
    torch.manual_seed(0)
    configs = [one for one in conditioning["configs"] if one["type"] != "t5"]
    conditioner = create_multi_conditioner_from_conditioning_config({"cond_dim": _SMALL, "configs": configs})
    answer = conditioner(known, "cpu")
    return {name: [[float(x) for x in row.flatten()[:4]] for row in found[0]] for name, found in answer.items()}


def _main() -> None:
    answer, *asked = sys.argv[1:]
    torch.set_num_threads(1)
    read: dict[str, Any] = {}
    for config, samples in zip(asked[::2], asked[1::2], strict=True):
        document = json.loads(Path(config).read_text(encoding="ascii"))
        model = json.loads(Path(config).with_name("conditioning.json").read_text(encoding="ascii"))
        conditioning = model["model"]["conditioning"]
        ids = {one["id"] for one in conditioning["configs"]}
        loader = create_dataloader_from_config(
            document, batch_size=2, sample_size=int(samples), sample_rate=_RATE, num_workers=1
        )
        found: list[dict[str, Any]] = []
        for audio, infos in loader:
            for one, info in zip(audio, infos, strict=True):
                told = {name: info[name] for name in ids}
                found.append({"told": told, "relpath": info["relpath"], "hertz": _hertz(one), "shape": list(one.shape)})
        embedded = _embedded([one["told"] for one in found], conditioning)
        read[config] = {"recordings": found, "embedded": embedded}
    Path(answer).write_text(json.dumps(read), encoding="ascii")


if __name__ == "__main__":
    _main()
