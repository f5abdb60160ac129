"""Every setting by name: its section, its variable, its default, and how a given value is checked."""

import contextlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.section import Section, extra_of
from small_dataset_audio.errors import UsageError

VARIABLE_PREFIX = "SDA_"

_YES = ("true", "yes", "on", "1")
_NO = ("false", "no", "off", "0")


class WrongValue(ValueError):  # noqa: N818 - the name says what the value is
    """The value is not one that the setting allows."""


@dataclass(frozen=True)
class Key:
    """One setting.

    Attributes:
        section: the section's name.
        name: the key's name in it.
        model: the section's class.
        field: how it is declared there.
    """

    section: str
    name: str
    model: type[Section]
    field: FieldInfo

    @property
    def full(self) -> str:
        """``section.key``."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{VARIABLE_PREFIX}{self.section}_{self.name}".upper()

    @property
    def description(self) -> str:
        """What it does."""
        variable = extra_of(self.field).get("variable")
        return f"{self.field.description} Sets {variable}." if variable else f"{self.field.description}"

    @property
    def default(self) -> Any:  # noqa: ANN401 - as many types as there are settings
        """Its value where nobody says otherwise; None where it is then not set."""
        return self.field.get_default(call_default_factory=True, validated_data={})

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its value."""
        from small_dataset_audio.config.schema import json_schema  # noqa: PLC0415 - errors and documents only

        schema: dict[str, Any] = json_schema()["properties"][self.section]["properties"][self.name]
        return schema

    @property
    def allowed(self) -> str:
        """Its allowed values in words."""
        from small_dataset_audio.config.schema import allowed_values  # noqa: PLC0415 - errors and documents only

        return str(extra_of(self.field).get("allowed") or allowed_values(self.schema))

    def check(self, value: object) -> Any:  # noqa: ANN401 - as many types as there are settings
        """Return the value as the settings hold it.

        Raises:
            WrongValue: it is not allowed.
        """
        try:
            return getattr(self.model.model_validate({self.name: value}), self.name)
        except ValidationError as error:
            raise WrongValue(self.full) from error

    def understand(self, text: str) -> object:
        """Return what ``text`` means for this setting, as it would be written in the file.

        Text comes from the environment and the command line, where everything is text: it is taken as it is if the
        setting allows that, else as a number, as yes or no, or as a list with commas.

        Raises:
            WrongValue: no reading of it is allowed.
        """
        for meaning in _readings(text):
            with contextlib.suppress(WrongValue):
                self.check(meaning)
                return meaning
        raise WrongValue(self.full)


def _readings(text: str) -> Iterator[object]:
    """Yield what ``text`` may mean, the most literal reading first."""
    yield text
    word = text.strip()
    if word != text:
        yield word
    for number in (int, float):
        with contextlib.suppress(ValueError):
            yield number(word)
    if word.lower() in _YES + _NO:
        yield word.lower() in _YES
    if word.startswith("["):
        with contextlib.suppress(ValueError, RecursionError):
            yield tomllib.loads(f"value = {word}")["value"]
    yield [part.strip() for part in word.split(",") if part.strip()]


def _all_keys() -> Iterator[Key]:
    """Yield every setting, in the order of the model."""
    for section, values in Settings():
        for name, field in type(values).model_fields.items():
            yield Key(section, name, type(values), field)


KEYS: Mapping[str, Key] = {key.full: key for key in _all_keys()}
"""``section.key`` -> the setting, in the order of the model."""

SECTIONS: Mapping[str, str] = {key.section: " ".join((key.model.__doc__ or "").split()) for key in KEYS.values()}
"""Section -> what it is about."""

VARIABLES: Mapping[str, Key] = {key.variable: key for key in KEYS.values()}
"""Environment variable -> the setting."""


def known_key(full: str) -> Key:
    """Return the setting called ``section.key``.

    Raises:
        UsageError: there is none; the nearest is named.
    """
    if full in KEYS:
        return KEYS[full]
    section, _, name = full.rpartition(".")
    nearest = nearest_key(section or None, name)
    raise UsageError(
        f"{full} is not a setting.",
        f"Did you mean {nearest.full}?" if nearest else "Settings are named section.key, as in pipeline.workers.",
        "`sda config show` lists all settings.",
    )


def nearest_section(name: str) -> str | None:
    """Return the section that ``name`` was probably meant to be, or None."""
    return _nearest(name.lower(), list(SECTIONS))


def nearest_key(section: str | None, name: str) -> Key | None:
    """Return the setting that ``name``, written in ``section`` (None: outside any), was probably meant to be."""
    word = name.lower().replace("-", "_")
    beside = {key.name: key for key in KEYS.values() if key.section == section}
    anywhere = {key.name: key for key in KEYS.values()}
    if word in anywhere:
        return beside.get(word, anywhere[word])
    near = _nearest(word, list(beside))
    if near is not None:
        return beside[near]
    far = _nearest(word, list(anywhere), likeness=0.75)
    return None if far is None else anywhere[far]


def nearest_choice(key: Key, value: object) -> str | None:
    """Return the allowed word that ``value``, or a member of it, was probably meant to be, or None."""
    from small_dataset_audio.config.schema import choices  # noqa: PLC0415 - mistakes only

    allowed = choices(key.schema)
    words = value if isinstance(value, list) else [value]
    wrong = [word for word in words if isinstance(word, str) and word not in allowed]
    return next(filter(None, (_nearest(word.lower(), allowed) for word in wrong)), None)


def nearest_variable(variable: str) -> Key | None:
    """Return the setting whose environment variable ``variable`` was probably meant to be, or None.

    Near is one slip of the fingers, or the key without its section (``SDA_LIBRARY``). Other programs and scripts have
    SDA_ variables of their own, so that a vague likeness does not count.
    """
    bare = variable.removeprefix(VARIABLE_PREFIX).lower()
    same_key = [key for key in KEYS.values() if key.name == bare]
    if same_key:
        return same_key[0]
    near = _nearest(variable, list(VARIABLES), likeness=0.88)
    return None if near is None else VARIABLES[near]


def _nearest(word: str, words: list[str], likeness: float = 0.6) -> str | None:
    """Return the one of ``words`` that is most like ``word``, at least by ``likeness`` (0..1), or None."""
    import difflib  # noqa: PLC0415 - mistakes only

    return next(iter(difflib.get_close_matches(word, words, n=1, cutoff=likeness)), None)
