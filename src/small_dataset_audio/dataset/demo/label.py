"""The ground-truth file beside each piece: its truth, and a note by which the library knows its own files again."""

import json
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from small_dataset_audio.atomic import read_whole, store_error
from small_dataset_audio.dataset.demo.truth import Truth
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import write_in_turn

TRUTH_SUFFIX: Final = ".truth.json"


class Label(BaseModel):
    """The content of a ground-truth file.

    Attributes:
        made_by: who wrote it.
        edition: of the composer, see `library.EDITION`.
        audio: name of the audio file beside it.
        sha256: of that file as it was written.
        truth: what an analysis of it should find.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_by: Literal["sda demo"] = "sda demo"
    edition: int
    audio: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    truth: Truth


def read_label(path: Path) -> Label:
    """Return the content of a ground-truth file.

    Raises:
        StoreError: the file is missing, cannot be read, or is not one of the demo library's.
    """
    try:
        text = read_whole(path)
    except OSError as error:
        raise store_error("read", path, error) from error
    try:
        return Label.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the whole file"
        raise StoreError(
            f"{path} is not a ground-truth file of the demo library.",
            f"At {place}: {first['msg']}.",
            "Move the file away, or choose another folder, and run `sda demo` again.",
        ) from error


def read_truth(path: Path) -> Truth:
    """Return what is true of a piece, from the ground-truth file beside it.

    Raises:
        StoreError: the file is missing, cannot be read, or is not one of the demo library's.
    """
    return read_label(path).truth


def write_label(path: Path, label: Label) -> None:
    """Write a ground-truth file, one entry to a line.

    Raises:
        StoreError: it cannot be written.
    """
    content = label.model_dump(mode="json")
    truth = content.pop("truth")
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    inner = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in truth.items()]
    lines.append('  "truth": {\n' + ",\n".join(inner) + "\n  }")
    write_in_turn(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
