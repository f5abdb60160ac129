"""The JSON documents that commands print, held to their schemas."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from small_dataset_audio.cli.schema import schemas


def document_of(command: str, text: str) -> dict[str, Any]:
    """Return the one JSON document in ``text``, valid by the schema of ``command``."""
    document: dict[str, Any] = json.loads(text)
    Draft202012Validator(schemas()[command]).validate(document)
    return document


def error_of(text: str) -> dict[str, str]:
    """Return what, why and fix of the error document in ``text``."""
    error: dict[str, str] = document_of("any command that fails", text)["error"]
    return error
