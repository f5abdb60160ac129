"""The descriptions that are published beside weights, as JSON."""

import json
from pathlib import Path
from typing import Any

from small_dataset_audio.atomic import read_whole, store_error
from small_dataset_audio.errors import ModelError


def described(path: Path) -> dict[str, Any]:
    """Return what the file beside some weights says of them.

    Raises:
        ModelError: it is no JSON object.
        StoreError: it cannot be read.
    """
    try:
        content = json.loads(read_whole(path))
    except OSError as error:
        raise store_error("read", path, error) from error
    except (ValueError, RecursionError) as error:
        raise unfitting(path, "It is not JSON.") from error
    if not isinstance(content, dict):
        raise unfitting(path, "It is not a JSON object.")
    return content


def unfitting(path: Path, why: str) -> ModelError:
    """Return the error for a file of a model that does not fit what sda knows of the model.

    Args:
        path: ``<models>/<name>/<file>``.
        why: what is wrong with it, in a sentence.
    """
    model = path.parent.name
    return ModelError(
        f"{path.name} is not what the model {model} needs.",
        why,
        f"Delete {path} and run `sda models pull {model}`; or correct the entry in your own list of models.",
    )
