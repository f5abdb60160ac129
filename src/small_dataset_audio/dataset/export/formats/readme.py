"""The page that lies in every export and says what it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import write_text
from small_dataset_audio.dataset.export.names import readable
from small_dataset_audio.dataset.export.ready import Layout, Ready
from small_dataset_audio.dataset.export.split import SPLITS

NAME: Final = "README.md"
_USE: Final = {
    "stable-audio": """For [Stable Audio Tools](https://github.com/Stability-AI/stable-audio-tools):

    python train.py --dataset-config {root}/dataset_config.json{validation} --model-config model_config.json ...

`conditioning.json` holds what belongs into `model_config.json`: put its `model.conditioning` in the place of the one there,
its lists of ids into `model.diffusion`, and its `training.demo.demo_cond` into `training.demo`.

The paths in `dataset_config*.json` are those of `{root}`. If the export is moved, correct them, or export again with
`--root`. Beside every recording lies what is known of it, as JSON: what the trainer is told (`prompt`, `conditioning`), and
every value as it was measured (`values`).""",
    "audiofolder": """For Hugging Face datasets, with the path of this folder:

    from datasets import load_dataset
    data = load_dataset("audiofolder", data_dir=".")

Values that are not known are null. `other_values` holds, as JSON, what no column of one type can hold.""",
    "webdataset": """For WebDataset, with the path of this folder:

    import webdataset
    data = webdataset.WebDataset("{shards}", shardshuffle=False).decode()""",
}


def write(folder: Path, form: str, ready: Sequence[Ready], layout: Layout) -> None:
    """Write the page.

    Raises:
        StoreError: it cannot be written.
    """
    parts = {split: [one for one in ready if one.split == split] for split in SPLITS}
    counts = [
        f"{len(parts[split])} {layout.of} of {_songs(parts[split])} songs for {split}"
        for split in SPLITS
        if parts[split]
    ]
    last = sum(1 for _ in folder.glob("train-*.tar")) - 1
    use = _USE[form].format(
        root=layout.root,
        validation=f" --val-dataset-config {layout.root}/dataset_config_validation.json" if parts["validation"] else "",
        shards="train-000000.tar" if last < 1 else f"train-{{000000..{last:06}}}.tar",
    )
    text = f"# {layout.name}\n\nExported by sda: {', '.join(counts)}.\n\n{use}\n"
    write_text(folder / NAME, readable(text))


def _songs(ready: Sequence[Ready]) -> int:
    return len({one.item.song.name for one in ready})
