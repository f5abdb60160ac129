"""The stages that exist, in the order in which a track passes through them."""

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.organize import organize
from small_dataset_audio.dataset.series import TIMESERIES, Series
from small_dataset_audio.errors import SdaError, StoreError, UsageError
from small_dataset_audio.features import extract
from small_dataset_audio.features.added import added_features
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Options
from small_dataset_audio.pipeline.follow_up import beats_of_crop, stages_of_crops
from small_dataset_audio.pipeline.plan import Request
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Bench, Job, Load, Outcome, Stage, Work, stem_hashes
from small_dataset_audio.pipeline.steps import beats
from small_dataset_audio.pipeline.steps.aesthetics import AESTHETICS
from small_dataset_audio.pipeline.steps.caption import CAPTION
from small_dataset_audio.pipeline.steps.classify import CLASSIFY
from small_dataset_audio.pipeline.steps.crop import CROP
from small_dataset_audio.pipeline.steps.metadata import METADATA
from small_dataset_audio.pipeline.steps.mix import decoded_mix
from small_dataset_audio.pipeline.steps.separate import SEPARATE
from small_dataset_audio.pipeline.steps.transcribe import TRANSCRIBE

MEMORY_OF_A_WORKER: Final = 100_000_000
"""Bytes that a worker holds before it has read any audio."""
SIDECARS: Final = {"beats": "BEATS_GRID", "downbeats": "DOWNBEATS", "onsets": "ONSETS"}
"""Moments that analyze finds -> the suffix of the file they are kept in."""


def analysis_options(settings: Settings) -> Options:
    """Return how to measure, as the settings say."""
    chosen = settings.features
    steps = chosen.timeseries_steps if chosen.timeseries else None
    return Options(beats=beats.tracker(settings), key_profile=chosen.key_profile, timeseries_steps=steps)


def info_values(found: Measured) -> dict[str, object]:
    """Return what of a measurement is kept in ``.INFO``: the numbers, and for each label its best answer."""
    best = {name: max(answers, key=answers.__getitem__) for name, answers in found.labels.items() if answers}
    return {**found.values, **best}


def _open_organize(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        if job.incoming is None:
            raise StoreError(
                f"{job.track.name} has no recording to bring in.",
                "The plan asked to organise a track that is in the library already.",
                "This is a fault in sda: please report it.",
            )
        return Outcome(track=organize(job.incoming))

    return work


def _open_analyze(bench: Bench) -> Work:
    options = analysis_options(bench.settings)
    beats_of = beats.beat_source(bench.settings, bench.device)

    def work(job: Job) -> Outcome:
        mix, warnings = decoded_mix(job.track, bench.settings)
        paths = job.track.stems()
        stems = {name: decode(path, scratch=scratch(bench.settings, len(paths))) for name, path in paths.items()}
        found = extract.measure_clips(mix, stems, options, beats_of_crop(job.track) or beats_of(mix))
        times = {suffix: found.times.get(name) for name, suffix in SIDECARS.items()}
        series = Series(mix.seconds, found.series) if options.timeseries_steps else None
        return Outcome(
            info_values(found),
            found.absent,
            times,
            warnings,
            notes={"beats": options.beats},
            series={TIMESERIES: series},
        )

    return work


ORGANIZE: Final = Stage(
    name="organize",
    version=1,
    summary="copies recordings into the library, untouched, one folder per track",
    open=_open_organize,
    records=False,
    load=lambda _settings: Load(decodes=0.5, memory=MEMORY_OF_A_WORKER),
)
ANALYZE: Final = Stage(
    name="analyze",
    version=extract.VERSION,
    summary="measures rhythm, loudness, spectrum and harmony",
    open=_open_analyze,
    # Measured on stereo FLAC of three minutes to three hours, all features: `benchmarks/{analyze,memory}.py`.
    load=lambda _settings: Load(decodes=12.0, memory=310_000_000, memory_per_second=5_000),
    needs=("organize", "separate"),
    inputs=stem_hashes,
    accelerator=lambda settings: beats.tracker(settings) != "dsp",
    essential=True,
    model_sha256=beats.digest,
    obstacle=beats.obstacle,
    relevant=lambda settings: {
        **{name: value for name, value in asdict(analysis_options(settings)).items() if value is not None},
        "added": {one.family.name: one.version for one in added_features()},
    },
)
STAGES: Final[tuple[Stage, ...]] = (
    ORGANIZE,
    SEPARATE,
    ANALYZE,
    CLASSIFY,
    AESTHETICS,
    METADATA,
    CAPTION,
    TRANSCRIBE,
    CROP,
)


def stage(name: str) -> Stage:
    """Return the stage called ``name``.

    Raises:
        UsageError: there is none of that name; the fix names the nearest, or all.
    """
    for candidate in STAGES:
        if candidate.name == name:
            return candidate
    known = [candidate.name for candidate in STAGES]
    near = get_close_matches(name, known, n=1)
    raise UsageError(
        f"There is no stage named {name!r}.",
        f"The stages are: {', '.join(known)}.",
        f"Did you mean {near[0]}?" if near else "Name one or more of these, separated by commas.",
    )


@dataclass(frozen=True)
class Picked:
    """The stages of a run.

    Attributes:
        stages: those to run, in pipeline order.
        left_out: those that nobody asked for by name and that this installation cannot run, with what keeps it from it.
    """

    stages: tuple[Stage, ...]
    left_out: tuple[tuple[Stage, SdaError], ...] = ()

    def note(self) -> str | None:
        """Return a sentence that says which stages are left out and what to do about it; None where none is."""
        if not self.left_out:
            return None
        names = [one.name for one, _ in self.left_out]
        return (
            f"Left out, because their models are not installed: {', '.join(names)}. `sda models list` shows what there is; "
            f"`sda run --stages {names[0]}` says what one of them needs."
        )


def pick(settings: Settings) -> Picked:
    """Return the stages that ``pipeline.stages`` and ``pipeline.skip`` ask for; all that can run where none is named.

    Raises:
        UsageError: nothing is left to run.
        SdaError: a stage that was asked for by name, or is essential, cannot be run by this installation.
    """
    wanted, skip = settings.pipeline.stages, settings.pipeline.skip
    names = {one.name for one in STAGES} if wanted is None else {stage(name).name for name in wanted}
    chosen = [one for one in STAGES if one.name in names - set(skip)]
    obstacles = {one.name: why for one in chosen if (why := one.obstacle(settings)) is not None}
    for one in chosen:
        if one.name in obstacles and (wanted is not None or one.essential):
            raise obstacles[one.name]
    able = tuple(one for one in chosen if one.name not in obstacles)
    if not able:
        raise UsageError(
            "No stage is left to run.",
            "Every stage that was asked for is also skipped.",
            "Leave out --skip, or name other stages with --stages.",
        )
    return Picked(able, tuple((one, obstacles[one.name]) for one in chosen if one.name in obstacles))


def request_for(source: Path | None, chosen: tuple[Stage, ...], force: frozenset[str], settings: Settings) -> Request:
    """Return the request for a run of the stages ``chosen``, with what their crops go through."""
    return Request(source, chosen, force, stages_of_crops(STAGES, chosen, settings))
