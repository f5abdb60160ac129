"""Programs that stand in for those of a machine that the tests do not run on."""

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
USUAL = (
    "sh",
    "awk",
    "cat",
    "chmod",
    "cut",
    "date",
    "df",
    "dirname",
    "echo",
    "env",
    "false",
    "find",
    "getent",
    "grep",
    "head",
    "id",
    "ls",
    "mkdir",
    "mountpoint",
    "mv",
    "printenv",
    "rm",
    "sed",
    "sleep",
    "stat",
    "tail",
    "touch",
    "tr",
    "true",
    "wc",
)
"""Programs that every machine has."""


@dataclass
class Machine:
    """A machine with only the programs that it is given.

    Attributes:
        folder: a folder of the test's own.
        real: programs that are taken from this machine.
    """

    folder: Path
    real: Sequence[str] = USUAL
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.programs.mkdir(parents=True)
        for name in self.real:
            found = shutil.which(name)
            if found is not None:
                (self.programs / name).symlink_to(found)

    @property
    def programs(self) -> Path:
        """The only folder in which programs are looked for."""
        return self.folder / "programs"

    @property
    def calls(self) -> list[str]:
        """What the given programs were called with, in order."""
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def give(self, name: str, script: str = "") -> None:
        """Put a program on the machine: a shell script, which also notes that it was called."""
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> "{self.folder}/calls"\n{script}\n')
        program.chmod(0o755)

    def run(
        self, *words: str | Path, cwd: Path | None = None, user: int | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the repository on this machine, as ``user`` where that is possible."""
        return subprocess.run(
            [str(word) for word in words],
            cwd=cwd or self.folder,
            env={"PATH": str(self.programs), "HOME": str(self.folder), **self.variables, **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            user=user if os.geteuid() == 0 else None,
            group=user if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 and user is not None else None,
        )


def let_strangers_in(folder: Path) -> None:
    """Let other users reach ``folder``, which pytest makes for its own user only; no folder is closed to anybody."""
    for place in (folder, *folder.parents):
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & 0o055 != 0o055:
            place.chmod(mode | 0o055)
        if place.name.startswith("pytest-of-"):
            return


def copy_scripts(folder: Path) -> Path:
    """Return a folder that looks like the repository to its scripts."""
    shutil.copytree(ROOT / "scripts", folder / "repository" / "scripts")
    return folder / "repository"
