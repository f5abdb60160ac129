"""A registry of stages for the harness: the real ones that write files, and one that measures without computing."""

import numpy as np

from small_dataset_audio.dataset.series import TIMESERIES, Series
from small_dataset_audio.models.separation.stems import Stems
from small_dataset_audio.pipeline import stages
from small_dataset_audio.pipeline.stage import Bench, Job, Outcome, Stage, Work, stem_hashes
from small_dataset_audio.pipeline.steps.stem_files import store_stems
from support.signals import noise

REGISTRY = "support.faults.stages"
RATE = 8000
SECONDS = 2.0


def _open_measure(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        beats = np.arange(0, SECONDS, 0.125)
        return Outcome(
            {"bpm": 480.0, "bpm_is_defined": 1, "lufs": -20.5},
            {"lufs_bass": "there are no stems"},
            {"BEATS_GRID": beats, "DOWNBEATS": beats[::4], "ONSETS": beats + 0.01},
            series={TIMESERIES: Series(SECONDS, {"loudness": np.linspace(-30, -10, 16, dtype=np.float32)})},
            notes={"beats": "none"} if job.track.stems() else {},
        )

    return work


def _open_take_apart(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        sounds = {name: noise(SECONDS, RATE, seed=number) for number, name in enumerate(("bass", "drums"), 1)}
        store_stems(job.track, Stems(sounds), RATE, ".flac", {"backend": "noise"})
        return Outcome()

    return work


SEPARATE = Stage("separate", 1, "makes stems out of noise", _open_take_apart, needs=("organize",))
MEASURE = Stage("analyze", 1, "says what it knows", _open_measure, needs=("organize", "separate"), inputs=stem_hashes)
_OWN = {one.name: one for one in (SEPARATE, MEASURE)}
STAGES = tuple(_OWN.get(name, stages.stage(name)) for name in ("organize", "separate", "analyze", "crop"))


def stage(name: str) -> Stage:
    """Return the stage called ``name``."""
    return next(one for one in STAGES if one.name == name)
