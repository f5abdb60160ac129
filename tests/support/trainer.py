"""The real Stable Audio Tools, beside the environment: see scripts/trainer.sh."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

_ROOT: Final = Path(__file__).parent.parent.parent
_TARGET: Final = _ROOT / ".tools" / "stable-audio-tools"
_SCRIPT: Final = _ROOT / "scripts" / "trainer.sh"
_PROGRAMS: Final = Path(__file__).parent
_LIMIT_SECONDS: Final = 240


def require_trainer() -> None:
    """Return if the trainer is there, having put it there where that was possible; else skip the test, or fail it in CI."""
    try:
        done = subprocess.run(
            [_SCRIPT],
            env={**os.environ, "PYTHON": sys.executable},
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
        why = done.stderr.strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if not why:
        return
    message = f"Stable Audio Tools is not there and cannot be fetched (scripts/trainer.sh): {why}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def answer_of(program: str, *arguments: str | Path, cwd: Path) -> Any:  # noqa: ANN401 - whatever the program answers
    """Return the JSON that one of the programs beside this file answers, run with the trainer's packages."""
    libraries = sorted(
        {str(link.parent) for link in _libraries()} | {str(link.resolve().parent) for link in _libraries()}
    )
    env = {
        **os.environ,
        "PYTHONPATH": str(_TARGET),
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }
    answer = cwd / f"{program}.answer.json"
    done = subprocess.run(
        [sys.executable, str(_PROGRAMS / program), answer, *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Couldn't load file" not in done.stdout, done.stdout
    return json.loads(answer.read_bytes())


def _libraries() -> list[Path]:
    return sorted((_TARGET / "ffmpeg").glob("*.so.*"))
