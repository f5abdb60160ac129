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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
        name = listing(self).audio.get(MIX)
        return None if name is None else self.folder / name

    def stems(self) -> dict[str, Path]:
        """Return stem name -> path of the stems that exist.

        Raises:
            StoreError: the folder cannot be read.
        """
        audio = listing(self).audio
        return {stem: self.folder / audio[stem] for stem in STEMS if stem in audio}

    def sidecar(self, ending: str) -> Path:
        """Return the path of `<Track Name>.<ending>`, such as BEATS_GRID."""
        return self.folder / f"{self.name}.{ending}"

    def file(self, name: str) -> str:
        """Return the path of a file in the folder as text: planning asks for very many, and a `Path` takes its time."""
        return f"{os.fspath(self.folder)}{os.sep}{name}"

    def beside(self, ending: str) -> str:
        """Return the path of `<Track Name>.<ending>` as text, such as that of the `.INFO` file (see `file`)."""
        return self.file(f"{self.name}.{ending}")


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a track's folder.

    Attributes:
        names: all names.
        audio: ``full_mix`` and the stems -> the names of their files, as far as there are any; of two files the preferred one.
    """

    names: frozenset[str] = frozenset()
    audio: Mapping[str, str] = field(default_factory=dict)

    def is_track(self, name: str) -> bool:
        """Whether a folder of that name with these files is a track."""
        return name + INFO_SUFFIX in self.names or any(_audio_stem(one) == MIX for one in self.names)


def listing(track: Track) -> Listing:
    """Return what lies in a track's folder; nothing where there is none.

    Raises:
        StoreError: the folder cannot be read.
    """
    return _listed(os.fspath(track.folder))


@once
def _listed(folder: str) -> Listing:
    names: list[str] = []
    audio: dict[str, str] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                names.append(name)
                stem, _, suffix = name.rpartition(".")
                if stem not in _KNOWN or f".{suffix}".lower() not in SUFFIXES or not entry.is_file():
                    continue
                if stem not in audio or _rank(name) < _rank(audio[stem]):
                    audio[stem] = name
    except FileNotFoundError:
        return Listing()
    except OSError as error:
        raise store_error("read", Path(folder), error) from error
    return Listing(frozenset(names), audio)


def list_tracks(library: Path) -> list[Track]:
    """Return the tracks of a library, sorted by name; no file is opened.

    A folder that cannot be read counts as a track, so that the run reports it.

    Raises:
        StoreError: the library cannot be read.
    """
    return list(_tracks(library))


def holds_tracks(library: Path) -> bool:
    """Return whether there is a track in a library; no more folders are looked into than that takes.

    Raises:
        StoreError: the library cannot be read.
    """
    return next(_tracks(library), None) is not None


def list_folders(library: Path) -> list[str]:
    """Return the names of the folders of a library that may be tracks, sorted; none of them is looked into.

    Raises:
        StoreError: the library cannot be read.
    """
    try:
        with os.scandir(library) as entries:
            return sorted(entry.name for entry in entries if _may_be_track(entry))
    except FileNotFoundError as error:
        raise StoreError(
            f"There is no library at {library}.",
            "The folder does not exist.",
            "Put recordings into a library with `sda run FOLDER`, or correct paths.library in the settings.",
        ) from error
    except NotADirectoryError as error:
        raise StoreError(
            f"{library} is no library.",
            "A library is a folder, and this is a file.",
            "Name a folder that `sda run` made.",
        ) from error
    except OSError as error:
        raise store_error("read", library, error) from error


def _tracks(library: Path) -> Iterator[Track]:
    root = os.fspath(library)
    for name in list_folders(library):
        if _is_track(os.path.join(root, name), name):  # noqa: PTH118 - speed
            yield Track(library / name)


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
