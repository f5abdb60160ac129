"""An export from start to end: gather, copy, split, write, read back, put in place."""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from small_dataset_audio import __version__
from small_dataset_audio.atomic import store_error
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.probe import probe
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.export import manifest
from small_dataset_audio.dataset.export.conditioning import choose, leave_out_unmeasured, require_declared
from small_dataset_audio.dataset.export.folder import require_free, staged
from small_dataset_audio.dataset.export.formats import audiofolder, readme, shards, stable_audio
from small_dataset_audio.dataset.export.items import Gathered, Item, Of, gather
from small_dataset_audio.dataset.export.names import readable
from small_dataset_audio.dataset.export.notes import notes_on
from small_dataset_audio.dataset.export.prompt import Template
from small_dataset_audio.dataset.export.ready import Layout, Ready, mismatch, plain, require_equal, write_json
from small_dataset_audio.dataset.export.result import Exported, Verified
from small_dataset_audio.dataset.export.sound import Placed, needed_bytes, place
from small_dataset_audio.dataset.export.split import SPLITS, split
from small_dataset_audio.dataset.export.strata import strata_of
from small_dataset_audio.dataset.export.tokens import Count
from small_dataset_audio.dataset.export.words import known_names, words_of
from small_dataset_audio.dataset.similar import Similar, find_similar
from small_dataset_audio.errors import SdaError, StoreError

FormatName = Literal["stable-audio", "audiofolder", "webdataset"]
_SOUND: Final = ".sound"
"""The folder in which recordings wait until it is known which part they belong to."""


_Write = Callable[[Path, Sequence[Ready], Layout], None]
_Verify = Callable[[Path, Sequence[Ready], Layout], int]
_FORMATS: Final[Mapping[FormatName, tuple[_Write, _Verify]]] = {
    "stable-audio": (stable_audio.write, stable_audio.verify),
    "audiofolder": (audiofolder.write, audiofolder.verify),
    "webdataset": (shards.write, shards.verify),
}


@dataclass(frozen=True)
class Request:
    """What is to be exported, and how.

    Attributes:
        format: the format.
        library: the library.
        output: where the export goes, an absolute path.
        of: crops or whole tracks; None: crops if there are any.
        share: how many of the songs are held back for validation, from 0 to 1.
        seed: what the split follows from.
        template: what the prompts are made from.
        features: the numbers to condition on; None: all that every recording has. Only for Stable Audio Tools.
        root: where the trainer will find the export; None: where it is put.
        allow_truncated: take what can be decoded of incomplete recordings.
        cache: the folder paths.cache.
        workers: how many processes listen to recordings that were not listened to before.
        count: T5's tokenizer; None: what is too long for it is told by bounds.
    """

    format: FormatName
    library: Path
    output: Path
    of: Of | None
    share: float
    seed: int
    template: str
    features: tuple[str, ...] | None
    root: Path | None
    allow_truncated: bool
    cache: Path
    workers: int = 1
    count: Count | None = None


def export(request: Request, declared: Mapping[str, Declared], say: Callable[[str], None]) -> Exported:
    """Return what was exported, after it was read back and put in place.

    Args:
        request: what is asked for.
        declared: name -> declaration of every number that sda measures.
        say: takes a line on how far it is.

    Raises:
        UsageError: the template or a name cannot be used.
        StoreError: there is nothing to export, the folder is taken, or something cannot be read or written.
        EnvironmentFault: a package is missing.
    """
    try:
        return _gathered_and_exported(request, declared, say)
    except OSError as error:
        raise store_error("export to", request.output, error) from error


def _gathered_and_exported(request: Request, declared: Mapping[str, Declared], say: Callable[[str], None]) -> Exported:
    template = Template(request.template)
    require_declared(request.features or (), declared)
    require_free(request.output, request.library)
    if request.format == "webdataset":
        shards.require_library()
    gathered = gather(request.library, request.of)
    if request.format == "stable-audio":
        leave_out_unmeasured(gathered, declared, request.features)
    _require_some(gathered, request.library)
    template.check({*declared, *known_names(item.entry for item in gathered.items)})
    _require_room(gathered.items, request.output)
    with staged(request.output, request.library) as folder:
        return _export(request, declared, gathered, template, folder, say)


def _export(
    request: Request,
    declared: Mapping[str, Declared],
    gathered: Gathered,
    template: Template,
    folder: Path,
    say: Callable[[str], None],
) -> Exported:
    placed = _place_all(request, gathered, folder, say)
    _require_some(gathered, request.library)
    similar = _similar(request, gathered.items, say)
    conditioned = request.format == "stable-audio"
    conditioning = choose(gathered.items, declared if conditioned else {}, request.features)
    layout = Layout(request.output.name, request.root or request.output, gathered.of, conditioning, request.seed)
    ready = _ready(request, gathered.items, placed, similar, template)
    for one in ready:
        one.placed.path.parent.mkdir(exist_ok=True)
        (folder / _SOUND / one.file_name).rename(one.placed.path)
    (folder / _SOUND).rmdir()
    say("writing what is known of them, and reading everything back")
    for one in ready:
        _verify_sound(one.placed)
    write, verify = _FORMATS[request.format]
    write(folder, ready, layout)
    readme.write(folder, request.format, ready, layout)
    values = verify(folder, ready, layout)
    if request.format == "webdataset":
        for part in SPLITS:
            shutil.rmtree(folder / part, ignore_errors=True)
    clipped = Counter(name for one in ready for name in conditioning.values(one.item.entry)[1])
    together = [sorted(group) for group in similar.groups if len(group) > 1] if similar is not None else []
    notes = notes_on(ready, layout, request.share, similar, conditioned=conditioned, count=request.count)
    done = Exported(
        request.output, request.format, layout, ready, gathered.left_out, clipped, together, notes,
        Verified(len(ready), values),
    )  # fmt: skip
    _write_manifest(folder, request, done)
    return done


def _place_all(request: Request, gathered: Gathered, folder: Path, say: Callable[[str], None]) -> dict[str, Placed]:
    """Return file name without suffix -> recording, and leave out what cannot be decoded or would not be heard."""
    sound = folder / _SOUND
    sound.mkdir()
    placed: dict[str, Placed] = {}
    items = list(gathered.items)
    for number, item in enumerate(items, 1):
        try:
            one = place(item.source, sound, item.stem, allow_truncated=request.allow_truncated, scratch=Scratch(folder))
            if request.format == "stable-audio" and one.peak < stable_audio.SILENT_BELOW:
                one.path.unlink()
                gathered.leave_out(item, _silent(item), failed=False)
            else:
                placed[item.stem] = one
            said = "copied" if one.copied else "converted"
        except StoreError:
            raise
        except SdaError as error:
            gathered.leave_out(item, error)
            said = f"LEFT OUT: {error.what}"
        say(f"[{number}/{len(items)}] {item.name}: {said}")
    return placed


def _similar(request: Request, items: Sequence[Item], say: Callable[[str], None]) -> Similar | None:
    """Return which songs are nearly the same; None where it does not matter."""
    songs = list(dict.fromkeys(item.song.track for item in items))
    if request.share <= 0 or len(songs) < 2:  # noqa: PLR2004 - one song has nothing to be like
        return None
    say(f"comparing {len(songs)} songs, so that none is both learnt from and tested on")
    return find_similar(songs, cache=request.cache, workers=request.workers)


def _ready(
    request: Request,
    items: Sequence[Item],
    placed: Mapping[str, Placed],
    similar: Similar | None,
    template: Template,
) -> list[Ready]:
    songs = {item.song.name: strata_of(item.song) for item in items}
    parts = split(songs, songs, similar.groups if similar is not None else (), request.share, request.seed)
    ready = []
    for item in items:
        sound, part = placed[item.stem], parts[item.song.name]
        path = sound.path.parent.parent / part / sound.path.name
        words = words_of(item.entry, item.song.name)
        ready.append(Ready(item, replace(sound, path=path), part, str(plain(template.filled(words)))))
    return ready


def _verify_sound(placed: Placed) -> None:
    """Return if a recording lies on the disk as it was put there.

    Raises:
        StoreError: it does not.
    """
    try:
        facts, sha256 = probe(placed.path), file_sha256(placed.path)
    except SdaError as error:
        raise mismatch(placed.path) from error
    require_equal(placed.path, (sha256, facts.rate, facts.channels), (placed.sha256, placed.rate, placed.channels))
    require_equal(placed.path, round((facts.seconds or 0.0) * facts.rate), placed.samples)


def _require_some(gathered: Gathered, library: Path) -> None:
    if not gathered.items:
        first = gathered.left_out[0]
        raise StoreError(
            f"Nothing was exported from {library}.",
            f"All {len(gathered.left_out)} tracks or crops would be left out. The first: {first.error.what} {first.error.why}",
            first.error.fix,
        )


def _require_room(items: Sequence[Item], output: Path) -> None:
    needed = sum(needed_bytes(item.source) for item in items)
    place_there = next(one for one in output.parents if one.exists())
    free = shutil.disk_usage(place_there).free
    if needed > free:
        raise StoreError(
            f"There is no room for the export in {output.parent}.",
            f"It needs up to {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free there.",
            "Free some space, or choose a folder on another disk for --output.",
        )


def _silent(item: Item) -> StoreError:
    return StoreError(
        f"{item.name} is silent.",
        "No sample of it is above -60 dBFS. Stable Audio Tools would put another recording, taken at random, in its place.",
        "Nothing needs to be done; if it should be heard, make it louder and run again.",
    )


def _write_manifest(folder: Path, request: Request, done: Exported) -> None:
    known = {f"{one.split}/{one.file_name}": one.placed.sha256 for one in done.ready}
    document: dict[str, Any] = {
        "sda_export": manifest.VERSION,
        "sda": __version__,
        "validation": request.share,
        "seed": request.seed,
        "template": request.template,
        **{name: value for name, value in done.as_dict().items() if name != "output"},
        "recordings": [_recording(one) for one in done.ready],
        "files": manifest.listed(folder, known),
    }
    write_json(folder / manifest.NAME, document)


def _recording(one: Ready) -> dict[str, Any]:
    return {
        "file": one.file_name,
        "split": one.split,
        "track": readable(one.item.name),
        "song": readable(one.item.song.name),
        "sha256": one.placed.sha256,
        "samples": one.placed.samples,
        "rate": one.placed.rate,
        "copied": one.placed.copied,
    }
