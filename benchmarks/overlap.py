"""How a run's lanes overlap: whether the process that holds the accelerator waits while the processor measures, or both work.

    python benchmarks/overlap.py [--tracks 8] [--seconds 60] [--workers 1]
    python benchmarks/overlap.py --log data/reports/run-....jsonl

Without a log: pieces of noise and clicks go through organize, separate (a tiny random Demucs, which takes the accelerator's lane even
where there is no accelerator) and analyze, in a folder of their own. A track's stems are made before it is measured, so that
only different tracks can overlap.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline.plan import Plan, make_plan
from small_dataset_audio.pipeline.run import RunOptions, carry_out
from small_dataset_audio.pipeline.runlog import read_events
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.stages import pick, request_for
from small_dataset_audio.pipeline.worker import StepResult

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


class Silent:
    """Shows nothing."""

    def begin(self, plan: Plan, workers: int) -> None:
        """Show nothing."""

    def step(self, result: StepResult) -> None:
        """Show nothing."""

    def finish_track(self, job: Job, failure: object) -> None:
        """Show nothing."""

    def stopping(self) -> None:
        """Show nothing."""


def run(folder: Path, tracks: int, seconds: float, workers: int) -> Path:
    """Return the log of a run in ``folder``."""
    from support.separation_models import installed
    from support.signals import clicks, noise, write_audio

    source = folder / "recordings"
    source.mkdir()
    for number in range(tracks):
        beats = np.arange(0.25, seconds, 0.5 + 0.01 * number)
        write_audio(
            source / f"{number}.flac", clicks(beats, seconds, channels=2) + noise(seconds, seed=number, channels=2)
        )
    paths = {name: folder / name for name in ("library", "reports", "cache")}
    tiny = installed(folder / "models", {"backend": "demucs"}, features={"beats": "dsp"})
    settings = Settings.model_validate(
        {
            **tiny.model_dump(),
            "paths": {**tiny.paths.model_dump(), **paths},
            "pipeline": {"stages": ["organize", "separate", "analyze"]},
        }
    )
    request = request_for(source, pick(settings).stages, frozenset(), settings)
    plan = make_plan(request, settings.paths.library, settings)
    summary = carry_out(plan, request, settings, RunOptions(workers=workers, device="cpu"), Silent())
    if summary.failures or summary.log is None:
        sys.exit(str(summary.failures))
    return summary.log


def show(log: Path) -> None:
    """Print the timeline of a run."""
    last = list(read_events(log))[-1]
    timeline = last.get("timeline")
    if timeline is None:
        sys.exit(f"{log} has no timeline: the run was ended, or an older sda made it.")
    for lane in ("processor", "accelerator"):
        told = timeline[lane]
        print(f"{lane:11s} |{told['picture']}| busy {told['busy_seconds']:.1f} s, work {told['work_seconds']:.1f} s")
    share = "-" if timeline["overlap"] is None else f"{timeline['overlap']:.0%} of the less busy lane's time"
    print(f"both {timeline['overlap_seconds']:.1f} s ({share}) of {last['seconds']:.1f} s")


def main() -> int:
    """Print a timeline and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    if options.log is not None:
        show(options.log)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        show(run(Path(folder), options.tracks, options.seconds, options.workers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
