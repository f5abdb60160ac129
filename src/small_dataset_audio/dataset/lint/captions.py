"""The check of captions: whether what they say of tempo, key, drums and voices is what was measured."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.lint.finding import Finding
from small_dataset_audio.dataset.lint.material import Material

_STAGE: Final = "caption"
_NAMES: Final = ("caption", "prompt", "description")
"""A text under a name with one of these in it is a caption, whoever wrote it."""


def captions(material: Material) -> Iterator[Finding]:
    """Yield captions that contradict what was measured."""
    for entry in material.entries:
        for name, sentences in _contradictions(entry, material).items():
            yield Finding(
                "captions",
                "warn",
                entry.name,
                entry.track.info,
                f"{name} contradicts what was measured: {' '.join(sentences)}",
                {"caption": entry.values.get(name), "contradictions": sentences},
                f"Listen, then correct or remove {name} in the .INFO file, or have it written again with `sda caption --force`.",
            )


def _contradictions(entry: Entry, material: Material) -> dict[str, list[str]]:
    """Return the name of each caption that is wrong -> what contradicts it."""
    texts = caption_texts(entry)
    if material.contradicts is not None:
        found = {name: material.contradicts(text, entry.values) for name, text in texts.items()}
        return {name: sentences for name, sentences in found.items() if sentences}
    record = entry.stage(_STAGE)
    noted = record.notes.get("contradictions") if record is not None else None
    if not isinstance(noted, Mapping):
        return {}
    return {name: list(map(str, noted[name])) for name in noted if name in texts and isinstance(noted[name], list)}


def caption_texts(entry: Entry) -> dict[str, str]:
    """Return name -> caption, of those of the stage caption and of the user."""
    stages: Mapping[str, Any] = entry.provenance.get("stages", {})
    made = set(stages.get(_STAGE, {}).get("made", []))
    return {
        name: value
        for name, value in entry.values.items()
        if isinstance(value, str) and (name in made or any(part in name.lower() for part in _NAMES))
    }
