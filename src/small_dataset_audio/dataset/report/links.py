"""Names of files that every system takes, and addresses of files whatever their names are."""

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import Final
from urllib.parse import quote

_LONGEST: Final = 40
_DIGITS: Final = 8


def slug(name: str) -> str:
    """Return the name under which a track's files lie in the report: plain ASCII, and different for different names.

    Names that a file system would confuse (``Song`` and ``song``, composed and decomposed accents) are told apart by the end.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].rstrip("-")
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:_DIGITS]
    return f"{words}-{digest}" if words else digest


def address(target: Path, page: Path) -> str:
    """Return the relative address by which the page at ``page`` reaches ``target``, every special character encoded.

    Both paths are absolute. The bytes of the name are what is encoded, so that names which are no text work too.
    """
    relative = os.path.relpath(target, page.parent)
    return quote(os.fsencode(relative), safe="/")
