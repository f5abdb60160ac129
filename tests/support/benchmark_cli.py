"""``sda`` with its benchmark, as a process: ``python -m support.benchmark_cli benchmark --quick``."""

import sys

from small_dataset_audio.cli import app as tree
from small_dataset_audio.cli.benchmark import benchmark
from small_dataset_audio.cli.main import main

if __name__ == "__main__":
    if not any(command.name == "benchmark" for command in tree.app.registered_commands):
        tree.app.command("benchmark")(benchmark)
    sys.exit(main())
