"""Small stand-ins for weights: a store in which they count as installed and verified."""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import tomli_w

from small_dataset_audio.models import record, registry
from small_dataset_audio.models.record import Record
from small_dataset_audio.models.store import Store

Content = Path | bytes
"""A file to copy, or what is to be in one."""


def tiny_store(folder: Path, models: Mapping[str, Mapping[str, Content]]) -> Store:
    """Return a store whose ``models`` are installed and verified, declared in a list of the user's own.

    The settings for it are ``paths.models = store.folder`` and ``models.registry = store.own``.

    Args:
        folder: an empty folder for both.
        models: name in the registry -> file name -> content; other names become models of a new kind.
    """
    store = Store(folder / "models", folder / "models.toml")
    for name, files in models.items():
        home = store.home(name)
        home.mkdir(parents=True, exist_ok=True)
        for file_name, content in files.items():
            _put(content, home / file_name)
        found = {file_name: record.examine(home / file_name) for file_name in files}
        record.write(home, Record(found, complete=True))
    write_registry(folder / "models.toml", {name: store.home(name) for name in models}, models)
    return store


def write_registry(path: Path, homes: Mapping[str, Path], models: Mapping[str, Mapping[str, Content]]) -> None:
    """Write a list of models whose files are those in ``homes``, with their hashes and sizes."""
    known = registry.models()
    document = {}
    for name, files in models.items():
        texts: dict[str, object] = {
            "task": "test",
            "summary": "A test.",
            "licence": "MIT",
            "commercial": "You may.",
            "commercial_use": "yes",
        }
        if name in known:
            model = known[name]
            kept = (*texts, "extra", "memory_gb")
            texts |= {key: getattr(model, key) for key in kept if getattr(model, key) is not None}
        document[name] = {**texts, "files": [_declared(homes[name] / file_name) for file_name in files]}
    path.write_text(tomli_w.dumps(document), encoding="utf-8")


def _put(content: Content, path: Path) -> None:
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_bytes(content)


def _declared(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
