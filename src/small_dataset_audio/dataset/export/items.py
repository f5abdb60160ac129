"""What is to be exported, and what is left out of it and why: nothing is dropped without a word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.entries import Entry, entry_of
from small_dataset_audio.dataset.export.names import safe_names
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.errors import SdaError, StoreError

Of = Literal["crops", "tracks"]


@dataclass(frozen=True)
class Item:
    """A track or crop with all that is needed to export it.

    Attributes:
        entry: what is known of it.
        song: what is known of the track that it is, or was cut from.
        source: its recording.
        stem: its file name in the export, without suffix.
    """

    entry: Entry
    song: Entry
    source: Path
    stem: str

    @property
    def name(self) -> str:
        """The name of the track or crop."""
        return self.entry.name


@dataclass(frozen=True)
class LeftOut:
    """A track or crop that is not in the export.

    Attributes:
        name: its name.
        file: the file that it is about.
        error: what is the matter, why, and what to do.
        failed: something is wrong with it; else it is left out because of what was asked for.
    """

    name: str
    file: Path
    error: SdaError
    failed: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"track": self.name, "file": str(self.file), "failed": self.failed, **self.error.as_dict()}


@dataclass
class Gathered:
    """What a library has to export.

    Attributes:
        of: whether these are crops or whole tracks.
        items: those that can be exported as far as it is known yet.
        left_out: all others.
    """

    of: Of
    items: list[Item] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def leave_out(self, item: Item, error: SdaError, *, failed: bool = True) -> None:
        """Take ``item`` out because of ``error``."""
        self.items.remove(item)
        self.left_out.append(LeftOut(item.name, item.source, error, failed))


def gather(library: Path, of: Of | None) -> Gathered:
    """Return what is to be exported of a library.

    Args:
        library: its folder.
        of: crops or whole tracks; None: crops if any track has some.

    Raises:
        StoreError: the library cannot be read, or there is nothing in it.
    """
    tracks = list_tracks(library)
    if not tracks:
        raise StoreError(
            f"There is nothing to export in {library}.",
            "The library holds no tracks.",
            "Put recordings into it with `sda run FOLDER`, or name another library.",
        )
    crops = {} if of == "tracks" else {track: crop_folders(track) for track in tracks}
    of = of or ("crops" if any(crops.values()) else "tracks")
    gathered = Gathered(of)
    found = [pair for track in tracks for pair in _of_track(gathered, track, crops.get(track, []))]
    stems = safe_names(entry.name for entry, _ in found)
    for (entry, song), stem in zip(found, stems, strict=True):
        source = _recording(gathered, entry)
        if source is not None:
            gathered.items.append(Item(entry, song, source, stem))
    return gathered


def _of_track(gathered: Gathered, track: Track, crops: Sequence[Track]) -> Iterator[tuple[Entry, Entry]]:
    """Yield what is to be exported of a track, each with what is known of the track."""
    song = entry_of(track)
    if gathered.of == "tracks":
        yield song, song
    elif not crops:
        gathered.left_out.append(LeftOut(track.name, track.folder, _no_crops(track), failed=False))
    for crop in crops:
        yield entry_of(crop), song


def _recording(gathered: Gathered, entry: Entry) -> Path | None:
    """Return the recording of a track or crop; None where it is left out."""
    track = entry.track
    try:
        mix = track.mix
    except SdaError as error:
        gathered.left_out.append(LeftOut(track.name, track.folder, error))
        return None
    if entry.problem is not None:
        gathered.left_out.append(LeftOut(track.name, track.info, entry.problem))
        return None
    if mix is None:
        gathered.left_out.append(LeftOut(track.name, track.folder, _no_recording(track)))
    return mix


def _no_recording(track: Track) -> StoreError:
    return StoreError(
        f"There is no recording in {track.folder}.",
        "A track folder holds the recording as full_mix, and this one does not.",
        "Put the recording back under that name, or remove the folder.",
    )


def _no_crops(track: Track) -> StoreError:
    return StoreError(
        f"{track.name} has no crops.",
        "It was never cut, or is shorter than a crop may be, or all of it is silent.",
        "Cut it with `sda crop`, or export whole tracks with --tracks.",
    )
