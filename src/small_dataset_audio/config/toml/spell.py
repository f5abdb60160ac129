"""How values are spelled in TOML."""

from collections.abc import Sequence
from pathlib import Path


def spell(value: object) -> str:
    """Return ``value`` as TOML on one line.

    Args:
        value: text, a path, a number, a boolean, or a list of these.

    Raises:
        UnicodeEncodeError: the text holds bytes that are not Unicode (a file name from an old disk); TOML is UTF-8.
    """
    import tomli_w  # noqa: PLC0415 - only writing and showing needs it; reading starts faster without

    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(spell(member) for member in value)}]"
    plain = str(value) if isinstance(value, Path) else value
    text = tomli_w.dumps({"value": plain}).removeprefix("value = ").removesuffix("\n")
    text.encode("utf-8")
    return text
