"""HTML that is safe by default: text is escaped where it enters, once, and only what `tag` made counts as HTML."""

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

_UNSHOWABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no page may hold: control characters, and the stand-ins for bytes of a file name that are no text (PEP 383)."""

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "rect", "line", "circle"})
"""Elements without an end tag; those of SVG end themselves."""

_CODE: Final = re.compile(r"`([^`]+)`")
_IN_SCRIPT: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | None
"""What an element may hold: text, which is escaped, `Html`, or nothing."""
Value = str | int | float | bool | None
"""What an attribute may be: False and None leave it out, True gives it no value."""


def shown(text: str) -> str:
    """Return ``text`` with U+FFFD in place of what no page may hold."""
    return _UNSHOWABLE.sub("\ufffd", text)


def html(text: str) -> Html:
    """Return ``text`` as HTML: escaped, unless it is HTML already."""
    return text if isinstance(text, Html) else Html(escape(shown(text)))


def joined(parts: Iterable[Child], between: str = "") -> Html:
    """Return the parts that are there, one behind the other."""
    return Html(between.join(html(part) for part in parts if part is not None))


def tag(element: str, /, *children: Child, **attributes: Value) -> Html:
    """Return an element.

    Args:
        element: its name.
        children: what it holds.
        attributes: ``class_`` stands for ``class``, and ``aria_label`` for ``aria-label``.
    """
    opened = element + "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{opened}>" if element in {"br", "hr", "img", "input", "link", "meta"} else f"<{opened}/>")
    return Html(f"<{opened}>{joined(children)}</{element}>")


def code(name: str, **attributes: Value) -> Html:
    """Return a name as code, which may be broken behind its underscores."""
    return tag("code", Html(html(name).replace("_", "_<wbr>")), **attributes)


def with_code(sentence: str) -> Html:
    """Return a sentence with what stands between backticks set as code."""
    return Html(_CODE.sub(r"<code>\1</code>", html(sentence)))


def json_block(identifier: str, document: object) -> Html:
    """Return a script element that holds ``document`` as JSON and is never run."""
    return Html(f'<script type="application/json" id="{escape(identifier)}">{script_json(document)}</script>')


def script_json(document: object) -> str:
    """Return ``document`` as JSON that can stand in a script: nothing in it ends the script or opens a comment.

    Args:
        document: of mappings, lists, tuples, text, numbers and None.
    """
    text = json.dumps(_showable(document), allow_nan=False, separators=(",", ":"))
    return text.translate(_IN_SCRIPT)


def _showable(document: object) -> object:
    if isinstance(document, str):
        return shown(document)
    if isinstance(document, Mapping):
        return {shown(str(key)): _showable(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [_showable(value) for value in document]
    return document


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return (
        f" {name}"
        if value is True
        else f' {name}="{escape(shown(f"{value:g}" if isinstance(value, float) else str(value)))}"'
    )
