"""What a section of the settings is made of: the base class, and the one way to declare a setting."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo


class Section(BaseModel):
    """Base of every section: frozen, strict about types, without room for unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def setting(
    default: object,
    description: str,
    *,
    allowed: str | None = None,
    variable: str | None = None,
    **constraints: Any,  # noqa: ANN401 - whatever pydantic's Field takes
) -> Any:  # noqa: ANN401 - pydantic's own convention for values that stand in for fields
    """Return the declaration of one setting.

    Args:
        default: its value where nobody says otherwise; None means that it is not set.
        description: what it does, in a sentence or two for musicians.
        allowed: the allowed values in words, where the type does not tell them (patterns).
        variable: the foreign environment variable that the setting is handed on to.
        **constraints: as of `pydantic.Field` (``ge``, ``le``, ``pattern``, ``examples``).
    """
    extra: dict[str, Any] = {}
    if allowed is not None:
        extra["allowed"] = allowed
    if variable is not None:
        extra["variable"] = variable
    return Field(default, description=description, json_schema_extra=extra, **constraints)


def program(default: str, description: str) -> Any:  # noqa: ANN401 - as `setting`
    """Return the declaration of a setting that names a program, but none that came with the settings of a stranger."""
    allowed = "a name on the PATH, or a whole path, beginning with /"
    return setting(default, description, pattern=r"^([^/]+|/.+)$", allowed=allowed)


def extra_of(field: FieldInfo) -> dict[str, Any]:
    """Return what `setting` noted beside the field: ``allowed`` and ``variable``, where given."""
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}


def _folder(value: object) -> object:
    """Return text as a path; what cannot name a folder is refused, other types are left to pydantic."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        message = "an empty text names no folder"
        raise ValueError(message)
    if "\0" in value:
        message = "a folder's name cannot hold a zero byte"
        raise ValueError(message)
    return Path(value)


Folder = Annotated[Path, BeforeValidator(_folder)]
"""The path of a folder. Loading makes it absolute."""
