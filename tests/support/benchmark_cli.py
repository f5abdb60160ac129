"""``sda`` with the commands of this house, as a process: ``python -m support.benchmark_cli benchmark --quick``."""

import sys

from small_dataset_audio.cli import app as tree
from small_dataset_audio.cli import benchmark, plan
from small_dataset_audio.cli.main import main

if __name__ == "__main__":
    known = {command.name for command in tree.app.registered_commands}
    for name, command in (("benchmark", benchmark.benchmark), ("plan", plan.plan)):
        if name not in known:
            tree.app.command(name)(command)
    sys.exit(main())
