"""Find the largest batch under one memory limit: ours beside Lightning's and accelerate's, on the same workload.

    python benchmarks/batch_finders.py [--limit-gib 2] [--by cgroup|address-space] [--python PYTHON] [--finders ours,...]

Every finder is a process of its own under the limit, on the CPU. With ``cgroup`` the kernel ends what passes the limit, as
in a container (root and a writable control group are needed); with ``address-space`` allocation fails instead
(``ulimit -v``). What a finder found is then trained for 20 steps in a new process under the same limit: that is what it is
worth. PYTHON is an interpreter of an environment that has torch, pytorch-lightning and accelerate: the last two are no
dependencies of sda, and are left out where they are not installed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.hardware.cgroup import control_groups

GIB = 2**30
SOURCE = Path(__file__).parent.parent / "src"
SAMPLES = 48000
STEPS = 3
WORTH_STEPS = 20
PATIENCE = 300.0
FOUND = "FOUND "

COMMON = f"""
import json, sys
import torch
from small_dataset_audio.hardware.benchmark.workloads import workload
torch.set_num_threads(len(__import__("os").sched_getaffinity(0)))
def train(batch, steps):
    model = workload("autoencoder").build(torch, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        sound = torch.randn(batch, 1, {SAMPLES})
        (model(sound) - sound).abs().mean().backward()
        optimizer.step()
def found(batch):
    print("{FOUND}" + json.dumps(batch), flush=True)
"""

OURS = """
import json, os
from pathlib import Path
from small_dataset_audio.hardware.benchmark.machine import Surroundings, opened
from small_dataset_audio.hardware.benchmark.measure import measure
from small_dataset_audio.hardware.benchmark.setup import Setup
setup = Setup(time_limit=120.0)
with opened(Surroundings("cpu", Path("/"), os.environ), setup.headroom) as machine:
    print("FOUND " + json.dumps(measure(machine, setup).max_batch_size), flush=True)
"""

ACCELERATE = (
    COMMON
    + f"""
from accelerate.utils import find_executable_batch_size
@find_executable_batch_size(starting_batch_size=4096)
def run(batch_size):
    train(batch_size, {STEPS})
    return batch_size
found(run())
"""
)

LIGHTNING = (
    COMMON
    + f"""
import logging, warnings
warnings.simplefilter("ignore")
import pytorch_lightning as pl
from pytorch_lightning.callbacks import BatchSizeFinder
class Sounds(torch.utils.data.Dataset):
    def __len__(self): return 8192
    def __getitem__(self, _): return torch.randn(1, {SAMPLES})
class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.batch_size = 2
        self.model = workload("autoencoder").build(torch, 1)
    def training_step(self, sound, _): return (self.model(sound) - sound).abs().mean()
    def configure_optimizers(self): return torch.optim.AdamW(self.parameters())
    def train_dataloader(self): return torch.utils.data.DataLoader(Sounds(), batch_size=self.batch_size)
class Finder(BatchSizeFinder):
    def on_fit_start(self, trainer, module):
        super().on_fit_start(trainer, module)
        found(module.batch_size)
        sys.exit(0)
trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
                     enable_model_summary=False, callbacks=[Finder(mode="MODE", steps_per_trial={STEPS})])
trainer.fit(Module())
"""
)

FINDERS = {
    "ours": OURS,
    "accelerate": ACCELERATE,
    "lightning power": LIGHTNING.replace("MODE", "power"),
    "lightning binsearch": LIGHTNING.replace("MODE", "binsearch"),
}


@dataclass(frozen=True)
class Ended:
    """How a process under the limit ended."""

    status: int
    seconds: float
    found: int | None
    killed: int
    """Processes that the kernel ended for want of memory."""
    last: str

    def outcome(self) -> str:
        """Return it in words."""
        if self.found is not None:
            return f"found {self.found}"
        if self.killed or self.status == -9:
            return "killed by the kernel"
        return "no answer in time" if self.status == -15 else f"failed: {self.last[:70]}"


class Group:
    """A control group of this script's own with a memory limit, version 1 or 2, as near to this process as there can be."""

    def __init__(self, limit: int) -> None:
        for above in control_groups("memory"):
            self._first = above.version == 1
            self.folder = above.folder / f"sda-limit-{os.getpid()}"
            name = "memory.limit_in_bytes" if self._first else "memory.max"
            try:
                self.folder.mkdir()
                (self.folder / name).write_text(str(limit))
            except (
                OSError
            ):  # read-only, or (version 2) a group that has processes of its own and so hands no memory down
                with suppress(OSError):
                    self.folder.rmdir()
            else:
                break
        else:
            sys.exit("No control group can be made here. Root is needed; in a container, limit the container instead.")
        if not self._first and (self.folder / "memory.swap.max").exists():
            (self.folder / "memory.swap.max").write_text("0")

    def enter(self) -> None:
        """Move this process into the group."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def killed(self) -> int:
        """Return how many processes the kernel ended in the group."""
        text = (self.folder / ("memory.oom_control" if self._first else "memory.events")).read_text()
        return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")), 0)

    def peak(self) -> int | None:
        """Return the most bytes that the group held, file cache included; None where the kernel does not tell."""
        file = self.folder / ("memory.max_usage_in_bytes" if self._first else "memory.peak")
        return int(file.read_text()) if file.exists() else None

    def left(self) -> int:
        """Return how many processes are in the group."""
        return len((self.folder / "cgroup.procs").read_text().split())

    def remove(self) -> None:
        """Remove the group, once its last process has been cleared away."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self.folder.rmdir()
            except OSError:
                time.sleep(0.1)
            else:
                return


@contextmanager
def limited(limit: int, by: str) -> Iterator[tuple[Callable[[], None], Callable[[], int]]]:
    """Yield what puts a process under the limit, and what counts those that the kernel ended."""
    if by == "address-space":
        yield lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)), lambda: 0
        return
    group = Group(limit)
    try:
        yield group.enter, group.killed
    finally:
        group.remove()


def run(python: str, program: str, limit: int, by: str) -> Ended:
    """Return how ``program`` ended under the limit."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with limited(limit, by) as (enter, killed):
        began = time.perf_counter()
        process = subprocess.Popen(
            [python, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=enter, start_new_session=True, cwd="/",  # noqa: PLW1509 - this script has one thread
        )  # fmt: skip
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, err = process.communicate()
        seconds = time.perf_counter() - began
        lines = [line for line in out.splitlines() if line.startswith(FOUND)]
        found = json.loads(lines[-1].removeprefix(FOUND)) if lines else None
        last = (err.strip().splitlines() or [""])[-1]
        return Ended(process.returncode, seconds, found, killed(), last)


def installed(python: str, package: str) -> bool:
    """Return whether ``python`` has a package."""
    return subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode == 0


def main() -> int:
    """Print a row per finder and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit-gib", type=float, default=2.0)
    parser.add_argument("--by", choices=("cgroup", "address-space"), default="cgroup")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--finders", default=",".join(FINDERS))
    options = parser.parse_args()
    limit = int(options.limit_gib * GIB)
    print(f"the largest batch of 1 s at 48 kHz on the CPU, {options.limit_gib:g} GiB by {options.by}")
    for name in options.finders.split(","):
        package = {"accelerate": "accelerate", "lightning": "pytorch_lightning"}.get(name.split()[0])
        if package is not None and not installed(options.python, package):
            print(f"{name:22}{package} is not installed")
            continue
        ended = run(options.python, FINDERS[name], limit, options.by)
        row = f"{name:22}{ended.outcome():28}{ended.seconds:7.1f} s   killed by the kernel: {ended.killed}"
        if ended.found:
            worth = run(options.python, f"{COMMON}\ntrain({ended.found}, {WORTH_STEPS}); found(1)", limit, options.by)
            row += f"   {WORTH_STEPS} steps of it: {'trained' if worth.found else worth.outcome()}"
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
