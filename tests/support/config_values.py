"""Values for every setting, drawn from what its schema says; and settings files to change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from small_dataset_audio.config.keys import KEYS, Key

FOLDERS = ["music", "../tapes", "~/lib", "/mnt/disk 1/ä", "a\"b'c", "x#y", "deep/er"]


def allowed_by(part: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return the values that a setting's schema allows, as TOML knows them."""
    if "anyOf" in part:
        return st.one_of(*(allowed_by(choice) for choice in part["anyOf"]))
    if "enum" in part:
        return st.sampled_from(part["enum"])
    return _KINDS[part["type"]](part)


def _text(part: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "minLength" in part:
        return st.sampled_from(FOLDERS)
    if "pattern" not in part:
        return st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))
    return st.from_regex(part["pattern"].replace("$", r"\Z"))


_KINDS: dict[str, Callable[[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "array": lambda part: st.lists(allowed_by(part["items"]), min_size=part.get("minItems", 0), max_size=4),
    "boolean": lambda _: st.booleans(),
    "integer": lambda part: st.integers(part.get("minimum"), part.get("maximum", 10**12)),
    "number": lambda part: st.floats(part.get("minimum"), part.get("maximum", 1e9)),
    "string": _text,
}


def values_of(key: Key) -> st.SearchStrategy[Any]:
    """Return the values that one setting allows."""
    return allowed_by(key.schema)


@st.composite
def settings_values(draw: st.DrawFn) -> dict[str, Any]:
    """Return ``section.key`` -> allowed value, for some of the settings that no other setting restricts."""
    together = {"hardware.max_batch_size", "paths.datasets"}
    names = draw(st.sets(st.sampled_from([name for name in KEYS if name not in together]), max_size=8))
    return {name: draw(values_of(KEYS[name])) for name in sorted(names)}


HAND_WRITTEN = [
    "",
    "# only a comment",
    '[paths]\nlibrary = "here" # mine\n\n[pipeline]\n# workers = 2\n# and more\nworkers = 4\n',
    '[ paths ]\r\nlibrary = "here"\r\n# last words',
    'paths.library = "here"\npipeline.workers = 4\n\n[crops]\nseconds = 20\n',
    'paths = { library = "here", models = "there" }\npipeline = {}\n[crops]\n',
    "[captions]\nprompt_full = '''\n# temperature = 3\n[paths]\n'''\n\n[captions.more]\nx = 1\n",
    '[pipeline]\nskip = [ # none of these\n  "crop", # please\n]\nstages = [\n]\n[unknown]\nkey = nan\n',
]
"""Settings files as people write them, some with mistakes of their own."""


def no_wandering_files(folder: Path) -> bool:
    """Return whether nothing but settings files and their schemas lies in ``folder``."""
    return all(file.suffix in {".toml", ".json"} for file in folder.iterdir())
