"""Small libraries, and what to look for in them."""

from pathlib import Path

from small_dataset_audio.atomic import TEMPORARY_SUFFIX
from small_dataset_audio.dataset.layout import Track
from support.signals import tone, write_audio


def track_in(library: Path, name: str = "Song", *, frequency: float | None = None, suffix: str = ".wav") -> Track:
    """Return a new track folder, with a recording if it is given a frequency."""
    folder = library / name
    folder.mkdir(parents=True)
    if frequency is not None:
        recording(folder / f"full_mix{suffix}", frequency)
    return Track(folder)


def recording(path: Path, frequency: float = 440.0, seconds: float = 0.05) -> Path:
    """Write a short tone, the same bytes for the same frequency, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_audio(path, tone(seconds, frequency=frequency))


def leave_temporary(folder: Path, name: str = "abandoned") -> Path:
    """Leave what a killed writer leaves."""
    path = folder / f".{name}{TEMPORARY_SUFFIX}"
    path.write_bytes(b"half a file")
    return path


def temporaries(folder: Path) -> list[Path]:
    """Return the temporary files anywhere below ``folder``."""
    return sorted(folder.rglob(f"*{TEMPORARY_SUFFIX}"))


def tree(folder: Path) -> dict[str, bytes]:
    """Return relative path -> content of every file below ``folder``."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
