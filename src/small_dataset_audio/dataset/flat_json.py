"""Flat JSON as `.INFO` files hold it: read strictly, and written back without a change to what others wrote.

A file is one JSON object (RFC 8259) in UTF-8. Beside its value, each top-level pair keeps the text it was read from; a
pair that is not replaced is written back as that very text. So `1.10`, `1e400`, `-0.0`, an integer of a hundred digits
or an escaped letter stay as their author wrote them, whatever Python's numbers can hold.

Stricter than Python's `json`: a name that appears twice in an object, `NaN` and `Infinity` are mistakes, because a reader
could only guess which value was meant.
"""

import contextlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from numbers import Integral, Real
from typing import Any, Final, NoReturn

_SPACE = re.compile(r"[ \t\n\r]*")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INDENT: Final = "  "


class Malformed(ValueError):  # noqa: N818 - the name says what the text is
    """The text is not the JSON object it must be."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = text.count("\n", 0, position) + 1
        self.column = position - text.rfind("\n", 0, position)


class NotStorable(ValueError):  # noqa: N818 - the name says what the value is
    """A value that JSON cannot hold, or that must not be held."""


class _Ambiguous(ValueError):  # noqa: N818 - internal: becomes Malformed with its position
    """A value whose meaning a reader could only guess."""


@dataclass(frozen=True)
class Entry:
    """One top-level pair.

    Attributes:
        name: the name as text of the file, with its quotes.
        text: the value as text of the file.
        value: the value. A number too large for a float is a `Decimal`.
    """

    name: str
    text: str
    value: Any


def parse(text: str) -> dict[str, Entry]:
    """Return the pairs of a JSON object, in their order.

    Raises:
        Malformed: the text is not one JSON object, repeats a name, or holds NaN or Infinity.
    """
    try:
        return _pairs(text)
    except json.JSONDecodeError as error:
        reason = "the file ends too early" if error.pos >= len(text) else _sentence(error.msg)
        raise Malformed(reason, text, error.pos) from error


def load(text: str) -> dict[str, Any]:
    """Return the values of a JSON object, in their order; as `parse`, which it is several times faster than.

    Raises:
        Malformed: as `parse`.
    """
    with contextlib.suppress(ValueError, RecursionError):
        values = _DECODER.decode(text)
        if isinstance(values, dict):
            return values
    return {name: pair.value for name, pair in parse(text).items()}  # which knows the line of the mistake


def render(entries: Mapping[str, Entry]) -> str:
    """Return the file text of ``entries``: two spaces of indent, one pair after the other, a newline at the end."""
    if not entries:
        return "{}\n"
    pairs = (f"{_INDENT}{entry.name}: {entry.text}" for entry in entries.values())
    return "{\n" + ",\n".join(pairs) + "\n}\n"


def entry(name: str, value: object) -> Entry:
    """Return the pair ``name: value`` as it will be written; its value is what a reader will get.

    Raises:
        NotStorable: the value, or one inside it, is null, NaN, infinite, nested too deeply, or nothing that JSON has.
    """
    try:
        text = encode(value, name)
    except RecursionError as error:
        raise NotStorable(f"{name} is nested too deeply") from error
    return Entry(_quoted(name), text, decode(text))


def encode(value: object, where: str, depth: int = 1) -> str:
    """Return ``value`` as JSON text; lists of plain values stay on one line.

    Args:
        value: text, a finite number (numpy's too), true or false, or lists and mappings of them.
        where: the name of the value, for the error.
        depth: how many levels the value is indented.

    Raises:
        NotStorable: as `entry`.
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Integral | Real | Decimal):
        return _number_text(value, where)
    if isinstance(value, Mapping):
        return _object_text(value, where, depth)
    if isinstance(value, list | tuple):
        return _list_text(value, where, depth)
    kind = "nothing (null)" if value is None else f"a {type(value).__name__}"
    raise NotStorable(f"{where} is {kind}; an .INFO file holds text, finite numbers, and lists and mappings of them")


def decode(text: str) -> Any:  # noqa: ANN401 - JSON is what it is
    """Return the value of a JSON text, as strictly as `parse`.

    Raises:
        ValueError: the text is not JSON.
    """
    return _DECODER.decode(text)


def _pairs(text: str) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    if not text.strip():
        raise Malformed("the file is empty", text, 0)
    at = _expect(text, _skip(text, 0), "{", "the file does not start with `{`")
    at = _skip(text, at)
    if text[at : at + 1] == "}":
        at += 1
    else:
        more = True
        while more:
            key, pair, at = _pair(text, at)
            if key in entries:
                raise Malformed(f"the name {pair.name} appears twice", text, at)
            entries[key] = pair
            more = text[at : at + 1] == ","
            at = _skip(text, at + 1) if more else _expect(text, at, "}", "a comma or `}` is missing")
    if _skip(text, at) != len(text):
        raise Malformed("something follows after the closing `}`", text, _skip(text, at))
    return entries


def _pair(text: str, start: int) -> tuple[str, Entry, int]:
    """Return one pair's name, the pair, and where the text goes on after it."""
    _expect(text, start, '"', 'a name in "double quotes" is missing')
    key, at = _DECODER.raw_decode(text, start)
    name = text[start:at]
    at = _skip(text, _expect(text, _skip(text, at), ":", f"a colon is missing after the name {name}"))
    try:
        value, end = _DECODER.raw_decode(text, at)
    except _Ambiguous as error:
        raise Malformed(f"the value of {name} holds {error}", text, at) from error
    except RecursionError as error:
        raise Malformed(f"the value of {name} is nested too deeply", text, at) from error
    return key, Entry(name, text[at:end], value), _skip(text, end)


def _expect(text: str, at: int, mark: str, otherwise: str) -> int:
    if text[at : at + 1] != mark:
        raise Malformed(otherwise if at < len(text) else "the file ends too early", text, at)
    return at + 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _sentence(message: str) -> str:
    """Return a message of Python's decoder as the middle of a sentence."""
    return message[:1].lower() + message[1:].removesuffix(" at")


def _float(text: str) -> float | Decimal:
    number = float(text)
    return number if math.isfinite(number) else _exact(text)


def _integer(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts (sys.set_int_max_str_digits)
        return _exact(text)


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise _Ambiguous("a number of impossible size") from error


def _refuse_constant(name: str) -> NoReturn:
    raise _Ambiguous(f"{name}, which is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Ambiguous("a name twice in one object")
    return members


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_float, parse_int=_integer, parse_constant=_refuse_constant
)


def _quoted(text: str) -> str:
    """Return ``text`` in quotes; lone surrogates, which stand for undecodable bytes of file names, as escapes."""
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", encode_basestring(text))


def _number_text(value: Integral | Real | Decimal, where: str) -> str:
    if isinstance(value, Integral):
        return int.__repr__(int(value))
    if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise NotStorable(f"{where} is {value}; what could not be measured is left out, never written")
    return str(value) if isinstance(value, Decimal) else float.__repr__(float(value))


def _object_text(members: Mapping[Any, Any], where: str, depth: int) -> str:
    for key in members:
        if not isinstance(key, str):
            raise NotStorable(f"{where} has the name {key!r}, which is not text")
    inner = "\n" + _INDENT * (depth + 1)
    pairs = [f"{_quoted(key)}: {encode(value, f'{where}.{key}', depth + 1)}" for key, value in members.items()]
    return "{" + inner + f",{inner}".join(pairs) + "\n" + _INDENT * depth + "}" if pairs else "{}"


def _list_text(items: list[Any] | tuple[Any, ...], where: str, depth: int) -> str:
    texts = [encode(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(items)]
    if not any(isinstance(item, Mapping | list | tuple) for item in items):
        return "[" + ", ".join(texts) + "]"
    inner = "\n" + _INDENT * (depth + 1)
    return "[" + inner + f",{inner}".join(texts) + "\n" + _INDENT * depth + "]"
