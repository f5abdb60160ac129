"""Trials of what is made from a library: exports in all formats, reports, and what the checks have heard."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.export import manifest
from small_dataset_audio.dataset.export.exporting import FormatName, export
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.report.write import INDEX, write_report
from small_dataset_audio.errors import StoreError, UsageError
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.models.separation.stems import Stems
from small_dataset_audio.pipeline.linting import checked
from small_dataset_audio.pipeline.loose_stems import put_stems, require_free
from support.crop_tracks import crop_settings
from support.export_library import VALUES, describe, request
from support.faults.trial import Trial, Witness
from support.signals import noise, write_audio

_RATE: Final = 8000
_SECONDS: Final = 0.3
_LIBRARY, _OUT, _THEIRS = "library", "out", "out/theirs"
_STEMS: Final = ("bass", "drums", "other")
_READ_ONLY: Final = (_LIBRARY, _THEIRS)
_FORMATS: Final[tuple[FormatName, ...]] = ("stable-audio", "audiofolder", "webdataset")


def _library(root: Path) -> None:
    """Make a library of two tracks, one of which an export must convert, and a folder of somebody else's beside the export."""
    for number, suffix in enumerate((".flac", ".ogg"), 1):
        folder = root / _LIBRARY / f"Song {number}"
        folder.mkdir(parents=True)
        write_audio(folder / f"full_mix{suffix}", noise(_SECONDS, _RATE, channels=2, seed=number), _RATE)
        describe(Track(folder), {**VALUES, "bpm": 80.0 + number})
    (root / _THEIRS).mkdir(parents=True)
    (root / _THEIRS / "dear.txt").write_text("mine\n", encoding="utf-8")
    (root / _OUT / ".dear.sda-notes").write_text("mine as well\n", encoding="utf-8")


def _exported(form: FormatName, template: str = "{tonic}") -> Callable[[Path, Witness], None]:
    def work(root: Path, witness: Witness) -> None:
        output = root / _OUT / "export"
        export(
            request(form, root / _LIBRARY, output, share=0.0, of="tracks", template=template),
            declared(),
            lambda _said: None,
        )
        witness.did_as_it_is(
            output / manifest.NAME
        )  # whether all it lists is there is looked at afterwards, without a fault

    return work


def _whole_or_absent(root: Path) -> list[str]:
    """Return what a trainer could take for an export, and is none that is complete."""
    output = root / _OUT / "export"
    if not output.exists():
        return []
    said = manifest.read_manifest(output)
    if said is None:
        return ["there is a part of an export, and it looks like one"]
    missing = [name for name in said["files"] if not (output / name).is_file()]
    return [f"the export is not whole: {name}" for name in [*missing, *(manifest.foreign(output) or [])]]


def _export_before(form: FormatName) -> Callable[[Path], None]:
    def prepare(root: Path) -> None:
        _library(root)
        export(
            request(form, root / _LIBRARY, root / _OUT / "export", share=0.0, of="tracks", template="An older one"),
            declared(),
            lambda _said: None,
        )

    return prepare


def _refused_export(root: Path, witness: Witness) -> None:
    try:
        export(request("audiofolder", root / _LIBRARY, root / _THEIRS, share=0.0), declared(), lambda _said: None)
    except StoreError:
        return
    witness.failed("an export was put where somebody else's files are")


def _refused_report(root: Path, witness: Witness) -> None:
    try:
        write_report(root / _LIBRARY, root / _THEIRS, declared())
    except (StoreError, UsageError):
        return
    witness.failed("a report was put where somebody else's files are")


def _stems(root: Path, witness: Witness) -> None:
    """Put stems beside a file of somebody's; where that was done, the same command must say so and change nothing."""
    folder = root / _OUT / "tape"
    sounds = {name: noise(_SECONDS, _RATE, seed=number) for number, name in enumerate(_STEMS)}
    files = [folder / f"{name}.flac" for name in _STEMS]
    try:
        require_free(folder, ".flac", force=False)
        put_stems(folder, Stems(sounds), _RATE, ".flac", force=False)
    except StoreError as error:
        if "There are files" not in error.what:
            raise
        if not all(file.is_file() for file in files):
            witness.failed("stems that are not complete are taken for somebody else's")
    for file in files:
        witness.did_as_it_is(file)


def _with_theirs(root: Path) -> None:
    (root / _OUT / "tape").mkdir(parents=True)
    (root / _OUT / "tape" / "dear.wav").write_bytes(b"mine")


def _reported(root: Path, _witness: Witness) -> None:
    write_report(root / _LIBRARY, root / _OUT / "report", declared(), copy_audio=True)


def _report_before(root: Path) -> None:
    """Have a report of a library that had one track more, and one with another sound."""
    _library(root)
    (root / _LIBRARY / "Song 3").mkdir()
    write_audio(root / _LIBRARY / "Song 3" / "full_mix.wav", noise(_SECONDS, _RATE, seed=3), _RATE)
    write_report(root / _LIBRARY, root / _OUT / "report", declared(), copy_audio=True)
    (root / _LIBRARY / "Song 3" / "full_mix.wav").unlink()
    (root / _LIBRARY / "Song 3").rmdir()
    write_audio(root / _LIBRARY / "Song 1" / "full_mix.flac", noise(_SECONDS, _RATE, channels=2, seed=7), _RATE)


def _shown_when_done(root: Path) -> list[str]:
    """Return what a first page names that is not there: it is written last."""
    folder = root / _OUT / "report"
    if not (folder / INDEX).is_file():
        return []
    lacking = [name for name in ("tracks.html", "numbers.html", "findings.html") if not (folder / name).is_file()]
    return [f"the report looks finished, and there is no {name}" for name in lacking]


def _settings(root: Path) -> Settings:
    settings = crop_settings(root, seconds=1.0)
    paths = settings.paths.model_copy(update={"cache": root / "cache"})
    return settings.model_copy(update={"paths": paths, "pipeline": settings.pipeline.model_copy(update={"workers": 1})})


def _with_stems(root: Path) -> None:
    _library(root)
    write_audio(root / _LIBRARY / "Song 1" / "bass.wav", noise(_SECONDS, _RATE, channels=2, seed=9), _RATE)


def _checked(root: Path, _witness: Witness) -> None:
    checked(root / _LIBRARY, _settings(root))


HAND_ON_TRIALS: Final = (
    *(
        Trial(
            f"export for {form}",
            _library,
            _exported(form),
            costly=True,
            untouched=_READ_ONLY,
            check=_whole_or_absent,
        )
        for form in _FORMATS
    ),
    Trial(
        "export over an older one",
        _export_before("audiofolder"),
        _exported("audiofolder", "A newer one"),
        costly=True,
        untouched=_READ_ONLY,
        check=_whole_or_absent,
    ),
    Trial("export refused", _library, _refused_export, costly=True, untouched=_READ_ONLY),
    Trial("report", _library, _reported, costly=True, flushed=False, untouched=_READ_ONLY, check=_shown_when_done),
    Trial("report after a change", _report_before, _reported, costly=True, flushed=False, untouched=_READ_ONLY),
    Trial("report refused", _library, _refused_report, costly=True, untouched=_READ_ONLY),
    Trial("stems of a recording in no library", _with_theirs, _stems, costly=True),
    Trial("checks of a library", _with_stems, _checked, costly=True, flushed=False, untouched=_READ_ONLY),
)
"""Each thing that is made from a library, which stays as it is."""
