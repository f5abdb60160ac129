"""Run `sda benchmark --quick` under memory limits, many times: is it ever killed, and does what it found train?

    python benchmarks/limited.py [--limits-gib 1,2,4] [--times 20] [--json FILE] [-- ARGUMENTS OF sda benchmark]

Every run is a process in a control group of its own (root and a writable control group are needed), in an empty folder.
After it the kernel is asked how many processes it ended there, and how many are left. The largest batch that any run under
a limit found is then trained for 20 steps under the same limit.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from batch_finders import COMMON, GIB, SOURCE, WORTH_STEPS, Group, run

PATIENCE = 180.0


@dataclass(frozen=True)
class Ended:
    """How one run ended."""

    limit_gib: float
    status: int
    seconds: float
    batch: int | None
    limited_by: str | None
    killed: int
    """Processes that the kernel ended for want of memory."""
    left: int
    """Processes that were still there afterwards."""
    peak: int | None
    said: str

    @property
    def well(self) -> bool:
        """Whether nothing was killed, nothing was left, and there is an answer."""
        return self.status == 0 and self.killed == 0 and self.left == 0 and self.batch is not None


def once(limit_gib: float, words: Sequence[str]) -> Ended:
    """Return how one benchmark under a limit ended."""
    command = [sys.executable, "-m", "small_dataset_audio", "--device", "cpu", "benchmark", "--json", *words]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SDA_")}
    group = Group(int(limit_gib * GIB))
    try:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            done = subprocess.run(
                command, cwd=folder, env={**kept, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True,
                preexec_fn=group.enter, timeout=PATIENCE, check=False,
            )  # fmt: skip
            seconds = time.perf_counter() - began
        document = json.loads(done.stdout) if done.returncode == 0 else {}
        said = (done.stderr.strip().splitlines() or [""])[-1]
        return Ended(
            limit_gib,
            done.returncode,
            seconds,
            document.get("max_batch_size"),
            document.get("limited_by"),
            group.killed(),
            group.left(),
            group.peak(),
            said,
        )
    finally:
        group.remove()


def show(limit_gib: float, ended: Sequence[Ended]) -> None:
    """Print what the runs under one limit came to."""
    batches = [one.batch for one in ended if one.batch is not None]
    well, killed = sum(one.well for one in ended), sum(one.killed for one in ended)
    seconds = [one.seconds for one in ended]
    ends = ", ".join(f"{name} {count}" for name, count in Counter(one.limited_by for one in ended).items())
    peaks = [one.peak for one in ended if one.peak is not None]
    print(
        f"{limit_gib:g} GiB: {well} of {len(ended)} well, killed by the kernel {killed}, "
        f"left behind {sum(one.left for one in ended)}; ended by {ends}; {min(seconds):.1f} to {max(seconds):.1f} s"
    )
    if peaks:
        print(f"       at most {max(peaks) / GIB / limit_gib:.0%} of the limit, file cache included")
    if batches:
        largest = max(batches)
        program = f"{COMMON}\ntrain({largest}, {WORTH_STEPS}); found(1)"
        trained = run(sys.executable, program, int(limit_gib * GIB), "cgroup")
        print(
            f"       largest batch {min(batches)} to {largest}, median {statistics.median(batches):g}; "
            f"{WORTH_STEPS} steps of {largest}: {'trained' if trained.found else trained.outcome()}"
        )
    for one in ended:
        if not one.well:
            print(f"       status {one.status}, killed {one.killed}, left {one.left}: {one.said[:120]}")


def main() -> int:
    """Print some lines per limit; return 0 if every run ended well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limits-gib", default="1,2,4")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--json", type=Path, help="also write every run here")
    parser.add_argument("words", nargs="*", default=["--quick"])
    options = parser.parse_args()
    every: list[Ended] = []
    for limit in map(float, options.limits_gib.split(",")):
        ended = [once(limit, options.words) for _ in range(options.times)]
        show(limit, ended)
        sys.stdout.flush()
        every += ended
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in every], indent=1) + "\n")
    return 0 if all(one.well for one in every) else 1


if __name__ == "__main__":
    sys.exit(main())
