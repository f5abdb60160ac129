"""Whether two libraries are the same, file by file, apart from times."""

import json
from pathlib import Path
from typing import Any

from support.dataset_library import tree

_TIMES = {"seconds", "mtime_ns"}
"""What a stage took, and when a file was written."""


def content(library: Path) -> dict[str, Any]:
    """Return relative path -> content of every file, times left out."""
    return {
        name: _timeless(json.loads(data)) if name.endswith(".INFO") else data for name, data in tree(library).items()
    }


def _timeless(value: Any) -> Any:  # noqa: ANN401 - JSON is what it is
    if isinstance(value, dict):
        return {name: _timeless(member) for name, member in value.items() if name not in _TIMES}
    return [_timeless(member) for member in value] if isinstance(value, list) else value
