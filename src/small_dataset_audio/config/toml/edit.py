"""Changing one value of a TOML document and nothing else: comments, order and every other line stay.

These functions choose the place and splice text. They do not prove the outcome: `config.save` parses the result and
refuses it unless exactly the one key has changed.
"""

import re
from collections.abc import Iterator

from small_dataset_audio.config.toml.locate import Entry, Header, Places, locate


def with_value(text: str, section: str, key: str, literal: str) -> str:
    """Return the document in which ``section.key`` has the value ``literal``.

    A key that is there gets the new value in its place; comments inside the old value (in a list over several lines)
    move above it. A new one goes below its commented-out default, else to the
    end of its section, else into a new section at the end of the document.

    Args:
        text: a document that `tomllib` accepts.
        section: a bare key, as all sections of the settings are.
        key: likewise.
        literal: the value as TOML.
    """
    places = locate(text)
    entry = places.entry((section, key))
    if entry is not None:
        return _replaced(places, entry, literal)
    table = places.entry((section,))
    if table is not None:
        return _into_inline_table(text, table.value, f"{key} = {literal}")
    header = _header_of(places, section)
    if header is not None:
        return _insert_line(text, _place_in_section(places, header, key), f"{key} = {literal}")
    dotted = [entry.value[1] for entry in places.entries if entry.path[0] == section and not entry.inline]
    if dotted:
        return _insert_line(text, max(dotted), f"{section}.{key} = {literal}")
    return _with_new_section(text, section, f"{key} = {literal}")


def without_value(text: str, section: str, key: str) -> str:
    """Return the document without ``section.key``: its line goes, with any comment behind the value.

    Inside an inline table (``{ }``) the document is returned as it is; the caller sees that nothing has changed.
    """
    entry = locate(text).entry((section, key))
    if entry is None or entry.inline:
        return text
    start = text.rfind("\n", 0, entry.start) + 1
    end = text.find("\n", entry.value[1]) + 1
    return text[:start] + (text[end:] if end else "")


def _replaced(places: Places, entry: Entry, literal: str) -> str:
    """Return the text with another value for an entry."""
    text, (start, end) = places.text, entry.value
    line = text.rfind("\n", 0, entry.start) + 1
    kept = [text[slice(*comment)].rstrip() for comment in places.comments if start < comment[0] < end]
    above = "".join(f"{comment}{line_end(text)}" for comment in kept)
    return f"{text[:line]}{above}{text[line:start]}{literal}{text[end:]}"


def line_end(text: str) -> str:
    """Return the line end that the document uses."""
    return "\r\n" if "\r\n" in text else "\n"


def _header_of(places: Places, section: str) -> Header | None:
    """Return the ``[section]`` header, or None."""
    return next((header for header in places.headers if header.path == (section,) and not header.repeated), None)


def _place_in_section(places: Places, header: Header, key: str) -> int:
    """Return an offset on the line below which a new line for ``key`` belongs."""
    following = (other.start for other in places.headers if other.start > header.start)
    end = min(following, default=len(places.text))
    for comment in _commented_out(places, header.end, end, key):
        return comment
    return max((entry.value[1] for entry in places.entries if header.end < entry.start < end), default=header.end)


def _commented_out(places: Places, start: int, end: int, key: str) -> Iterator[int]:
    """Yield the offsets of the lines ``# key = …`` between two offsets; lines inside long texts do not count."""
    pattern = re.compile(rf"^[ \t]*#[ \t]*{re.escape(key)}[ \t]*=", re.MULTILINE)
    for match in pattern.finditer(places.text, start, end):
        if not any(entry.value[0] <= match.start() < entry.value[1] for entry in places.entries):
            yield match.end()


def _insert_line(text: str, offset: int, line: str) -> str:
    """Return the text with a line of its own below the one that ``offset`` is on."""
    newline = line_end(text)
    end = text.find("\n", offset)
    if end < 0:
        return f"{text}{newline}{line}{newline}"
    return f"{text[: end + 1]}{line}{newline}{text[end + 1 :]}"


def _into_inline_table(text: str, extent: tuple[int, int], assignment: str) -> str:
    """Return the text with ``assignment`` as the first member of the inline table at ``extent``."""
    start, end = extent
    members = text[start + 1 : end - 1].strip()
    behind = f", {members} }}" if members else " }"
    return f"{text[:start]}{{ {assignment}{behind}{text[end:]}"


def _with_new_section(text: str, section: str, assignment: str) -> str:
    """Return the text with a new section at its end."""
    newline = line_end(text)
    whole = text if not text or text.endswith("\n") else text + newline
    gap = newline if whole.strip() else ""
    return f"{whole}{gap}[{section}]{newline}{assignment}{newline}"
