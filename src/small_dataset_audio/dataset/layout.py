"""How a library lies on the disk: one folder for each track.

```
<library>/<Track Name>/full_mix.<ext>                         the recording, its bytes untouched
                       drums|bass|other|vocals.<ext>          stems
                       <Track Name>.INFO                      what is known of it
                       <Track Name>.BEATS_GRID, ...           times
```

A track folder is a real folder directly in the library, not hidden, that holds a full mix or its own `.INFO` file. Links to
folders are no tracks: sda writes only inside the library.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.audio.formats import SUFFIXES
from small_dataset_audio.dataset.once import once
from small_dataset_audio.errors import StoreError

MIX: Final = "full_mix"
STEMS: Final = ("bass", "drums", "other", "vocals")
INFO_SUFFIX: Final = ".INFO"
_KNOWN: Final = frozenset({MIX, *STEMS})
_PREFERRED: Final = (".wav", ".flac", ".aiff", ".aif")
"""Of two full mixes the lossless one is read."""


@dataclass(frozen=True, slots=True)
class Track:
    """One track folder.

    Attributes:
        folder: `<library>/<Track Name>`.
    """

    folder: Path

    @property
    def name(self) -> str:
        """The track's name."""
        return self.folder.name

    @property
    def info(self) -> Path:
        """Path of the `.INFO` file, which need not exist."""
        return self.folder / f"{self.name}{INFO_SUFFIX}"

    @property
    def mix(self) -> Path | None:
        """The recording, None when it is missing.

        Raises:
            StoreError: the folder cannot be read.
        """
        return _audio(self.folder).get(MIX)

    def stems(self) -> dict[str, Path]:
        """Return stem name -> path of the stems that exist.

        Raises:
            StoreError: the folder cannot be read.
        """
        audio = _audio(self.folder)
        return {stem: audio[stem] for stem in STEMS if stem in audio}

    def sidecar(self, ending: str) -> Path:
        """Return the path of `<Track Name>.<ending>`, such as BEATS_GRID."""
        return self.folder / f"{self.name}.{ending}"


@once
def _audio(folder: Path) -> dict[str, Path]:
    """Return ``full_mix`` and the stems -> their files, as far as they are in a folder; of two files the preferred one."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _audio_stem(entry.name) in _KNOWN and entry.is_file()]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise store_error("read", folder, error) from error
    return {_audio_stem(name): folder / name for name in sorted(names, key=_rank, reverse=True)}


def list_tracks(library: Path) -> list[Track]:
    """Return the tracks of a library, sorted by name; no file is opened.

    A folder that cannot be read counts as a track, so that the run reports it.

    Raises:
        StoreError: the library cannot be read.
    """
    try:
        with os.scandir(library) as entries:
            names = sorted(entry.name for entry in entries if _may_be_track(entry))
    except FileNotFoundError as error:
        raise StoreError(
            f"There is no library at {library}.",
            "The folder does not exist.",
            "Put recordings into a library with `sda run FOLDER`, or correct paths.library in the settings.",
        ) from error
    except OSError as error:
        raise store_error("read", library, error) from error
    root = os.fspath(library)
    return [Track(library / name) for name in names if _is_track(os.path.join(root, name), name)]  # noqa: PTH118 - speed


def _may_be_track(entry: "os.DirEntry[str]") -> bool:
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def _is_track(folder: str, name: str) -> bool:
    info = name + INFO_SUFFIX
    try:
        with os.scandir(folder) as entries:
            return any(entry.name == info or _audio_stem(entry.name) == MIX for entry in entries)
    except OSError:
        return True


def _audio_stem(name: str) -> str:
    """Return the name of an audio file without its suffix, "" for any other file."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix}".lower() in SUFFIXES else ""


def _rank(name: str) -> tuple[int, str]:
    """Return how late a file is preferred: lossless formats first, then by name."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name, not a path
    return (_PREFERRED.index(suffix) if suffix in _PREFERRED else len(_PREFERRED), name)
