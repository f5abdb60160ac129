"""What servers say in their headers, and what goes wrong on the way to them, in words."""

import re
from http import HTTPStatus
from typing import Final

import httpx2

_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
"""The header Content-Range (RFC 9110, section 14.4)."""
_HASH: Final = re.compile(r'(?:W/)?"?([0-9a-f]{64})"?')


def start_of(answer: httpx2.Response) -> int | None:
    """Return where in the file a part of it begins, None where the server does not tell."""
    told = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return None if told is None else int(told[1])


def size_of(answer: httpx2.Response) -> int | None:
    """Return the size of the whole file in bytes, None where the server does not tell."""
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        told = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        size = "" if told is None else told[2]
    else:
        size = answer.headers.get("Content-Length", "")
    return int(size) if size.isdecimal() else None


def validator(answer: httpx2.Response) -> str:
    """Return what names this state of the file: a strong ETag, else the time of its last change, else nothing."""
    etag: str = answer.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return str(answer.headers.get("Last-Modified", ""))


def told_hash(answer: httpx2.Response) -> str:
    """Return the sha256 that the hub tells of a large file before it leads to where the file is; empty elsewhere."""
    for one in (*answer.history, answer):
        told = _HASH.fullmatch(one.headers.get("X-Linked-Etag", ""))
        if told is not None:
            return told[1]
    return ""


def asked_pause(answer: httpx2.Response) -> float:
    """Return how many seconds the server asks to wait, 0.0 where it does not."""
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 0.0


def status_words(status: int) -> str:
    """Return an HTTP status in words."""
    name = httpx2.codes.get_reason_phrase(status)
    return f"the server answers HTTP {status}{f' ({name})' if name else ''}"


def trouble_words(error: httpx2.TransportError) -> str:
    """Return in words why there was no answer, or not all of it."""
    if isinstance(error, httpx2.ConnectTimeout):
        return "the server cannot be reached in time"
    if isinstance(error, httpx2.TimeoutException):
        return "the server sends nothing any more"
    if isinstance(error, httpx2.ConnectError):
        return f"the server cannot be reached ({error})"
    return f"the connection broke off ({error})" if str(error) else "the connection broke off"
