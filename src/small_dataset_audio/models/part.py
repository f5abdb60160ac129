"""The beginning of a file, kept under a hidden name: a broken download goes on where it stopped."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from small_dataset_audio.atomic import read_whole, store_error, sync_folder, write_text

_SUFFIX: Final = ".part"
_NOTE_SUFFIX: Final = ".part.json"


@dataclass(frozen=True)
class Origin:
    """Where the beginning came from.

    Attributes:
        url: the address.
        validator: what the server calls this state of the file (a strong ETag or a date); empty where it does not.
        sha256: the hash that the server itself gave for it; empty where it did not.
    """

    url: str
    validator: str = ""
    sha256: str = ""


class Part:
    """What is there of one file.

    Args:
        target: where the whole file will be.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}{_SUFFIX}")
        self._note = target.with_name(f".{target.name}{_NOTE_SUFFIX}")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise store_error("read", self.path, error) from error

    @property
    def origin(self) -> Origin | None:
        """Where they came from; None where that is not known."""
        try:
            document = json.loads(read_whole(self._note))
            return Origin(str(document["url"]), str(document["validator"]), str(document["sha256"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def begin(self, origin: Origin) -> None:
        """Drop what is there, and note where the next bytes come from.

        Raises:
            StoreError: the folder cannot be written.
        """
        self.discard()
        write_text(self._note, json.dumps(origin.__dict__) + "\n")

    @contextlib.contextmanager
    def growing(self) -> Iterator[BinaryIO]:
        """Yield the file, open for adding at its end; on leaving, all of it is on the disk.

        Raises:
            StoreError: it cannot be written, or the disk is full; what was written stays.
        """
        try:
            with self.path.open("ab") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise store_error("write", self.path, error) from error

    def discard(self) -> None:
        """Remove what is there.

        Raises:
            StoreError: it cannot be removed.
        """
        for path in (self.path, self._note):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise store_error("remove", path, error) from error

    def finish(self) -> None:
        """Let the whole file appear under its name.

        Raises:
            StoreError: the folder cannot be written.
        """
        try:
            self.path.replace(self.target)
            sync_folder(self.target.parent)
        except OSError as error:
            raise store_error("write", self.target, error) from error
        with contextlib.suppress(OSError):
            self._note.unlink(missing_ok=True)
