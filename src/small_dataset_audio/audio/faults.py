"""The errors of this room: what is wrong with a recording, why that is known, and what to do about it."""

import contextlib
import errno
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from small_dataset_audio.errors import AudioError, NotAudio, TruncatedAudio

_GET_ANOTHER: Final = "Play it in another program to make sure, and replace it with a good copy, or leave it out."
_ALLOW: Final = (
    "Get a complete copy of the file. To use the part that can be decoded, allow truncated files "
    "(`--allow-truncated`, or `allow_truncated = true` under `[pipeline]` in config.toml)."
)
_READ_FIXES: Final = {
    errno.EACCES: "Give yourself permission to read it (`ls -l` shows who owns it).",
    errno.EPERM: "Give yourself permission to read it (`ls -l` shows who owns it).",
    errno.ENAMETOOLONG: "Give the file, or the folders above it, a shorter name.",
}


def require_file(path: Path) -> None:
    """Return if ``path`` is a file with something in it.

    Raises:
        AudioError: there is no such file, or it is a folder or a device.
        NotAudio: the file is empty.
    """
    with reading(path):
        status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise AudioError(
            f"{path} is a folder.",
            "A recording was expected, and a folder cannot be decoded.",
            "Name one file in it, or use `sda run` for a whole folder.",
        )
    if not stat.S_ISREG(status.st_mode):
        raise AudioError(
            f"{path} is not a regular file.",
            "It is a device, a pipe or a socket, and a recording must be read more than once.",
            "Save the sound to a file first.",
        )
    if status.st_size == 0:
        raise NotAudio(f"{path} is empty.", "The file holds 0 bytes.", "Copy or export the recording again.")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses while ``path`` is read into an `AudioError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise AudioError(
            f"There is no file {path}.",
            "Nothing has that name (or it is a link to something that is gone).",
            "Check the spelling and the folder; names are case-sensitive on most systems.",
        ) from error
    except OSError as error:
        raise AudioError(
            f"Could not read {path}.",
            f"The operating system answered: {error.strerror or error}.",
            _READ_FIXES.get(error.errno or 0, "Check that the disk is connected and healthy, then try again."),
        ) from error


def not_audio(path: Path, looks_like: str) -> NotAudio:
    """Return the error for a file whose content is something else."""
    return NotAudio(
        f"{path} is not an audio file that sda can read.",
        f"Its content looks like {looks_like}, whatever its name says.",
        "Take it out of the folder, or export the recording as WAV or FLAC.",
    )


def no_sound(path: Path, why: str = "Its header is in order, but not one sample of audio follows.") -> NotAudio:
    """Return the error for an audio file without samples."""
    return NotAudio(f"{path} holds no sound.", why, "Export or record it again, or leave it out.")


def damaged(path: Path) -> AudioError:
    """Return the error for a file that begins like audio and that no decoder makes sense of."""
    why = "It begins like an audio file, and what follows makes no sense: the file is damaged."
    return AudioError(f"Could not decode {path}.", why, _GET_ANOTHER)


def unsupported(path: Path, why: str) -> AudioError:
    """Return the error for a file that is in order and beyond what sda takes."""
    return AudioError(f"{path} cannot be used as it is.", why, "Convert it to WAV or FLAC with usual settings.")


def rate_changes(path: Path, before: int, after: int) -> AudioError:
    """Return the error for a file of several parts that do not go together."""
    return unsupported(path, f"Its sample rate changes from {before} to {after} Hz on the way.")


def channels_change(path: Path, before: int, after: int) -> AudioError:
    """Return the error for a file of several parts that do not go together."""
    return unsupported(path, f"It has {before} channels at first and {after} later.")


def truncated(path: Path, why: str) -> TruncatedAudio:
    """Return the error for a file that holds less audio than it declares."""
    return TruncatedAudio(f"{path} is incomplete or damaged.", why, _ALLOW)


def nothing_left(path: Path, why: str) -> TruncatedAudio:
    """Return the error for a truncated file of which nothing can be decoded."""
    return TruncatedAudio(
        f"{path} is incomplete, and nothing of it can be decoded.", why, "Get a complete copy of the file."
    )


def changed(path: Path) -> AudioError:
    """Return the error for a file that is being written to."""
    return AudioError(
        f"{path} changed while it was read.",
        "Another program is writing to it, so that its parts do not belong together.",
        "Let the other program finish, then run the command again.",
    )


def not_finite(path: Path, bad: int, total: int, first_seconds: float) -> AudioError:
    """Return the error for samples that are NaN or infinite (or too large for float32)."""
    share = "all" if bad == total else f"{bad:,} of {total:,}"
    return AudioError(
        f"{path} holds samples that are not numbers.",
        f"NaN or infinite: {share} samples, the first at {first_seconds:.6f} s. Anything measured from them would be wrong.",
        "Export the recording again; a plug-in that divides by zero is the usual cause.",
    )
