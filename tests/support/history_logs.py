"""Run logs that say what a test wants."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from small_dataset_audio.dataset.history.runs import LoggedStep

MOMENT = "2026-03-0{}T10:00:0{}.000+00:00"


def step(
    day: int = 1,
    *,
    library: Path | None = Path("/music/library"),
    track: str = "Song",
    stage: str = "analyze",
    seconds: float | None = 1.51,
    version: int | None = 2,
    settings_hash: str | None = "5e77",
    failure: str | None = None,
) -> LoggedStep:
    """Return a step of the run of that day."""
    return LoggedStep(
        Path(f"/reports/run-{day}.jsonl"),
        MOMENT.format(day, 0),
        MOMENT.format(day, 5),
        "0.1.0",
        library,
        track,
        stage,
        seconds,
        version,
        settings_hash,
        failure,
    )


def write_log(reports: Path, day: int, library: Path, steps: Sequence[Mapping[str, Any]], /, **start: object) -> Path:
    """Return the log of a run of that day, whose steps went well unless they say otherwise."""
    reports.mkdir(parents=True, exist_ok=True)
    path = reports / f"run-2026030{day}-100000-abcd.jsonl"
    begun = {
        "event": "start",
        "time": MOMENT.format(day, 0),
        "version": "0.1.0",
        "library": str(library),
        "stages": {"analyze": 2, "crop": 1, "organize": 1},
        "likeness": {"analyze": "2 5e77 A Processor", "crop": "1 c407 A Processor"},
    }
    told = [
        {"event": "step", "time": MOMENT.format(day, 5), "ok": True, "seconds": 1.51, "failure": None, **one}
        for one in steps
    ]
    lines = [json.dumps(one) for one in ({**begun, **start}, *told, {"event": "end"})]
    path.write_text("\n".join(lines) + "\n")
    return path
