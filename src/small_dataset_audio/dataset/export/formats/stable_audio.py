"""An export that Stable Audio Tools (tried: 0.0.20) trains on.

```
dataset_config.json               for --dataset-config
dataset_config_validation.json    for --val-dataset-config, where songs are held back
conditioning.json                 what the model config must say of the conditioning
custom_metadata.py                what the trainer asks about each recording
train/<name>.flac, .json          a recording, and what is known of it
validation/...
```
"""

import json
import math
import os
import runpy
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import write_bytes
from small_dataset_audio.dataset.export.names import readable, safe_name
from small_dataset_audio.dataset.export.ready import Layout, Ready, parsed, require_equal, write_json
from small_dataset_audio.dataset.export.split import SPLITS, Split
from small_dataset_audio.dataset.export.tokens import MOST_TOKENS

SILENT_BELOW: Final = 10 ** (-60 / 20)
"""Peak below which the trainer takes another recording at random instead: -60 dBFS (its `is_silence`)."""
MOST_SECONDS: Final = 512
"""Upper end of seconds_start and seconds_total in Stable Audio Open 1.0, to whose weights it belongs; beyond it is clipped."""
CONFIGS: Final[dict[Split, str]] = {"train": "dataset_config.json", "validation": "dataset_config_validation.json"}
CONDITIONING: Final = "conditioning.json"
MODULE: Final = "custom_metadata.py"
PROMPT: Final = "prompt"
SECONDS: Final = ("seconds_start", "seconds_total")
_WIDTH: Final = 768
"""``cond_dim`` of Stable Audio Open 1.0, and the width of t5-base."""
_T5: Final = {"t5_model_name": "t5-base", "max_length": MOST_TOKENS}
_EXAMPLES: Final = 4


def write(folder: Path, ready: Sequence[Ready], layout: Layout) -> None:
    """Write everything but the sound.

    Raises:
        StoreError: it cannot be written.
    """
    for one in ready:
        write_json(one.placed.path.with_suffix(".json"), _known(one, layout))
    write_bytes(folder / MODULE, _module())
    for split in SPLITS:
        if any(one.split == split for one in ready):
            write_json(folder / CONFIGS[split], _dataset_config(split, layout))
    write_json(folder / CONDITIONING, _model_config(ready, layout))


def verify(folder: Path, ready: Sequence[Ready], layout: Layout) -> int:
    """Return how many values were read back, through the module that the trainer uses, and found equal.

    Raises:
        StoreError: something is not as it was written.
    """
    require_equal(folder / MODULE, (folder / MODULE).read_bytes(), _module())
    ask = runpy.run_path(str(folder / MODULE))["get_custom_metadata"]
    ids = {PROMPT, *(one.name for one in layout.conditioning.numbers)}
    values = 0
    for one in ready:
        path = one.placed.path.with_suffix(".json")
        known = parsed(path, path.read_bytes())
        require_equal(path, known, json.loads(json.dumps(_known(one, layout))))
        told = ask({"path": str(one.placed.path)}, None)
        require_equal(path, told, {PROMPT: one.prompt, **layout.conditioning.values(one.item.entry)[0]})
        require_equal(path, set(told), ids)
        values += len(told) + len(known["values"])
    path = folder / CONDITIONING
    require_equal(path, parsed(path, path.read_bytes()), json.loads(json.dumps(_model_config(ready, layout))))
    return values


def _module() -> bytes:
    return (files(__package__) / MODULE).read_bytes()


def _known(one: Ready, layout: Layout) -> dict[str, Any]:
    told, clipped = layout.conditioning.values(one.item.entry)
    return {**one.told(), "conditioning": told, "clipped": clipped, "values": one.values}


def _dataset_config(split: Split, layout: Layout) -> dict[str, Any]:
    """Return what the trainer reads first. Whole tracks are cropped at random in training, crops are taken from their start."""
    dataset = {
        "id": safe_name(readable(layout.name)),
        "path": os.path.join(layout.root, split),  # noqa: PTH118 - keeps "./", by which the trainer knows its files
        "custom_metadata_module": os.path.join(layout.root, MODULE),  # noqa: PTH118 - as above
    }
    at_random = layout.of == "tracks" and split == "train"
    return {"dataset_type": "audio_dir", "datasets": [dataset], "random_crop": at_random, "drop_last": False}


def _model_config(ready: Sequence[Ready], layout: Layout) -> dict[str, Any]:
    """Return the parts of a model config that belong to these recordings.

    Numbers are cross-attended to, so that any number of them fits pretrained weights; the global conditioning, whose width
    the weights fix, stays that of Stable Audio Open.
    """
    seconds = {"min_val": 0, "max_val": MOST_SECONDS}
    configs: list[dict[str, Any]] = [
        {"id": PROMPT, "type": "t5", "config": _T5},
        *({"id": one, "type": "number", "config": seconds} for one in SECONDS),
        *layout.conditioning.configs(),
    ]
    return {
        "model": {
            "conditioning": {"configs": configs, "cond_dim": _WIDTH},
            "diffusion": {
                "cross_attention_cond_ids": [one["id"] for one in configs],
                "global_cond_ids": list(SECONDS),
            },
        },
        "training": {"demo": {"demo_cond": _examples(ready, layout)}},
    }


def _examples(ready: Sequence[Ready], layout: Layout) -> list[dict[str, Any]]:
    """Return what the trainer makes its demos from: every id is needed there too, so these are the values of recordings."""
    first = sorted(ready, key=lambda one: one.split == "train")[:_EXAMPLES]
    return [
        {
            PROMPT: one.prompt,
            **dict(zip(SECONDS, (0, min(math.ceil(one.placed.seconds), MOST_SECONDS)), strict=True)),
            **layout.conditioning.values(one.item.entry)[0],
        }
        for one in first
    ]
