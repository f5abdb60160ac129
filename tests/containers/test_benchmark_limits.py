"""The benchmark in containers with little memory on a larger host: never ended by the kernel, and what it found trains.

`benchmarks/limited.py` does the same many times in control groups of its own, without an engine.
"""

import json
import os
import uuid
from typing import Any

import pytest

from support.containers import NAME, Ended, docker, state, wait

pytestmark = pytest.mark.timeout(1200)

TIMES = int(os.environ.get("BENCHMARK_TIMES", "2"))
"""How often each limit is tried: 20 times before a release."""
TRAIN = """
import torch
from small_dataset_audio.hardware.benchmark.workloads import workload
model = workload("autoencoder").build(torch, 1)
optimizer = torch.optim.AdamW(model.parameters())
for _ in range(5):
    optimizer.zero_grad(set_to_none=True)
    sound = torch.randn({batch}, 1, 48000)
    (model(sound) - sound).abs().mean().backward()
    optimizer.step()
print("trained")
"""


def within(image: str, gib: int, *command: str) -> Ended:
    """Run a command in a container with so much memory; the kernel must not have ended anything in it."""
    name = f"{NAME}-{uuid.uuid4().hex[:8]}"
    limits = ("--memory", f"{gib}g", "--memory-swap", f"{gib}g", "--tmpfs", "/tmp:mode=1777", "--workdir", "/tmp")
    docker("run", "--detach", "--name", name, *limits, "--entrypoint", command[0], image, *command[1:])
    try:
        ended = wait(name)
        assert not state(name)["OOMKilled"], ended.log
        return ended
    finally:
        docker("rm", "--force", "--volumes", name, check=False)


@pytest.mark.parametrize("gib", [1, 2, 4])
def test_the_benchmark_ends_well_within_its_limit(image: str, gib: int, figures: list[str]) -> None:
    folders = [f"SDA_PATHS_{name}=/tmp/{name.lower()}" for name in ("REPORTS", "DATASETS", "LIBRARY")]
    words = (
        "env",
        *folders,
        "sda",
        "--config",
        "/tmp/config.toml",
        "--device",
        "cpu",
        "benchmark",
        "--quick",
        "--json",
    )
    found: list[dict[str, Any]] = []
    for _ in range(TIMES):
        ended = within(image, gib, "sh", "-c", f"touch /tmp/config.toml && exec {' '.join(words)}")
        assert ended.status == 0, ended.log
        found.append(json.loads(ended.out))
    assert all(one["memory"]["limit"] == gib * 2**30 for one in found), "the limit of the container is seen"
    assert all(one["memory"]["budget_bytes"] < gib * 2**30 for one in found)
    largest = max(one["max_batch_size"] for one in found)
    ended = within(image, gib, "python", "-c", TRAIN.format(batch=largest))
    assert ended.out.strip() == "trained", ended.log
    figures.append(f"sda benchmark --quick within {gib} GiB, {TIMES} times: a batch of up to {largest}, and it trains")
