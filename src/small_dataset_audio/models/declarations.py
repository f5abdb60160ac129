"""Reading a registry of models: TOML in, `Model` out, every mistake reported at once with its key and line.

One table a model; its files are ``[[name.files]]``::

    [my_encoder]
    task = "labels"
    summary = "What it does, in a sentence."
    licence = "MIT"
    commercial_use = "yes"          # yes, no or unclear
    commercial = "You may use its results commercially."
    extra = "labels"                # left out: nothing beyond sda itself
    memory_gb = 1.5                 # left out: unknown
    home = "https://example.org"    # left out: none

    [[my_encoder.files]]
    name = "encoder.onnx"
    urls = ["https://example.org/encoder.onnx", "https://mirror.example.org/encoder.onnx"]
    sha256 = "…"                    # left out: the first download is trusted
    bytes = 18027718                # left out: unknown
    about_mb = 18                   # roughly, where the exact size is unknown

A model of many files may name its repository of the Hugging Face hub instead of listing them::

    hub = "owner/name"
    revision = "main"               # better a commit, so that what is fetched cannot change
    about_mb = 16000
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args

from small_dataset_audio.config.toml.read import NotToml, decode, parse, read_bytes
from small_dataset_audio.errors import ConfigError
from small_dataset_audio.models.fields import Fields, Problems
from small_dataset_audio.models.registry import CommercialUse, Model, ModelFile

_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_HUB: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_REVISION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
"""A name that cannot leave the model's folder, and cannot be one of the hidden files there."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MEGABYTE: Final = 1_000_000
_MOST_PROBLEMS: Final = 20

_MODEL_KEYS: Final = (
    "task", "summary", "files", "licence", "commercial_use", "commercial", "extra", "memory_gb", "home",
    "hub", "revision", "about_mb",
)  # fmt: skip
_FILE_KEYS: Final = ("name", "urls", "sha256", "bytes", "about_mb")


def models_of_file(path: Path) -> dict[str, Model]:
    """Return the models that a user's own file declares.

    Raises:
        ConfigError: it cannot be read, or has mistakes: all of them, each with its key and line.
    """
    return models_of_text(decode(path, read_bytes(path)), str(path))


def models_of_text(text: str, origin: str) -> dict[str, Model]:
    """Return the models that ``text`` declares.

    Args:
        text: TOML, as the module says.
        origin: the file's name, for messages.

    Raises:
        ConfigError: it has mistakes.
    """
    try:
        document = parse(text)
    except NotToml as error:
        line = "" if error.syntax.line is None else f", line {error.syntax.line}"
        raise ConfigError(f"{origin}{line}: This is not valid TOML.", error.syntax.reason, error.syntax.hint) from error
    problems = Problems(document)
    known = {name: one for name, table in document.data.items() if (one := _model(problems, name, table)) is not None}
    if problems.sentences:
        raise _mistakes(problems.sentences, origin)
    return known


def _mistakes(problems: list[str], origin: str) -> ConfigError:
    shown = problems[:_MOST_PROBLEMS]
    left = len(problems) - len(shown)
    return ConfigError(
        f"The list of models {origin} has {len(problems)} mistake{'s' if len(problems) > 1 else ''}.",
        "\n".join([*shown, *([f"… and {left} more."] if left else [])]),
        "Correct the file; the documents on models show a complete entry.",
    )


def _model(problems: Problems, name: str, table: object) -> Model | None:
    """Return the model of a table, or None where it has mistakes, which are noted."""
    before = len(problems.sentences)
    if not isinstance(table, dict):
        problems.note((name,), "is not a table", "[name], with the keys of the model below")
        return None
    if not _MODEL_NAME.fullmatch(name):
        problems.note((name,), "cannot name a model", "letters, digits, - and _ , at most 64")
    fields = Fields(problems, (name,), table, _MODEL_KEYS)
    hub = fields.text("hub", like=_HUB, allowed="owner/name, as the hub has it")
    known = Model(
        name,
        task=fields.required("task"),
        summary=fields.required("summary"),
        files=() if hub is not None else _files(problems, name, table.get("files")),
        licence=fields.required("licence"),
        commercial_use=fields.choice("commercial_use", get_args(CommercialUse)),
        commercial=fields.required("commercial"),
        extra=fields.text("extra"),
        memory_gb=fields.number("memory_gb"),
        home=fields.address("home"),
        hub=hub,
        revision=fields.text("revision", like=_REVISION, allowed="a commit or a branch") or "main",
        about=_megabytes(fields),
    )
    _check_source(problems, known, table)
    return known if len(problems.sentences) == before else None


def _check_source(problems: Problems, model: Model, table: Mapping[str, object]) -> None:
    """Note keys that contradict each other: files are listed here or by the hub, not both."""
    for key in ("files",) if model.hub is not None else ("revision", "about_mb"):
        if key in table:
            other = "beside hub" if model.hub is not None else "without hub"
            problems.note((model.name, key), f"stands {other}", "either hub, revision and about_mb, or files")


def _files(problems: Problems, model: str, content: object) -> tuple[ModelFile, ...]:
    if not isinstance(content, list) or not content:
        problems.note((model, "files"), "is missing or empty", f"at least one [[{model}.files]], or hub")
        return ()
    made = tuple(_file(problems, model, number, one) for number, one in enumerate(content, start=1))
    names = [file.name for file in made]
    for twice in sorted({one for one in names if one and names.count(one) > 1}):
        problems.note((model, "files"), f"has two files named {twice}", "every file once")
    return made


def _file(problems: Problems, model: str, number: int, table: object) -> ModelFile:
    path = (model, "files", str(number))
    if not isinstance(table, dict):
        problems.note(path, "is not a table", f"[[{model}.files]], with the keys of the file below")
        return ModelFile("")
    fields = Fields(problems, path, table, _FILE_KEYS)
    sha256 = fields.text("sha256", like=_SHA256, allowed="64 hexadecimal digits in lower case")
    return ModelFile(
        fields.required("name", like=FILE_NAME, allowed="a plain file name: letters, digits and . _ + - , no folder"),
        fields.addresses("urls", pinned=sha256 is not None),
        sha256,
        fields.count("bytes"),
        _megabytes(fields),
    )


def _megabytes(fields: Fields) -> int | None:
    """Return a rough size in bytes, or None."""
    about = fields.number("about_mb")
    return None if about is None else round(about * _MEGABYTE)
