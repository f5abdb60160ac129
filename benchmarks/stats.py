"""How long the statistics of a library take.

    python benchmarks/stats.py [--tracks 2000] [--missing 0.03]

Tracks with every number of the catalog, a share of them missing, are made up in memory from twelve hidden causes; seconds are
processor time of one core: gathering the values, telling everything of them, and writing that as JSON.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.statistics.summary import summarise
from small_dataset_audio.dataset.statistics.table import Table
from small_dataset_audio.features.catalog import declared

CAUSES = 12
LIBRARY = Path("library")


def made_up(tracks: int, missing: float) -> list[Entry]:
    """Return what is known of so many tracks."""
    generator = np.random.default_rng(0)
    known = list(declared().values())
    causes = generator.normal(size=(tracks, CAUSES)) @ generator.normal(size=(CAUSES, len(known))) / 3
    shares = 1 / (1 + np.exp(-causes - 0.3 * generator.normal(size=causes.shape)))
    there = generator.random(causes.shape) >= missing
    found = []
    for i in range(tracks):
        values: dict[str, object] = {}
        for j in np.flatnonzero(there[i]):
            value = known[j].low + (known[j].high - known[j].low) * float(shares[i, j])
            values[known[j].name] = value if known[j].kind == "float" else round(value)
        values["genre"] = {f"label {label}": float(generator.random()) for label in generator.integers(0, 400, 5)}
        found.append(Entry(Track(LIBRARY / f"track {i:05}"), values, {"stages": {"analyze": {}}}))
    return found


def main() -> None:
    """Print the seconds of each step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tracks", type=int, default=2000)
    parser.add_argument("--missing", type=float, default=0.03)
    chosen = parser.parse_args()
    known, entries = declared(), made_up(chosen.tracks, chosen.missing)
    moments = [time.process_time()]
    table = Table.of(LIBRARY, known, entries=entries)
    moments.append(time.process_time())
    statistics = summarise(table, known)
    moments.append(time.process_time())
    text = json.dumps(statistics.as_dict(), allow_nan=False)
    moments.append(time.process_time())
    for step, seconds in zip(("table", "statistics", "JSON"), np.diff(moments), strict=True):
        print(f"{step:<10} {seconds:6.2f} s")
    print(f"{chosen.tracks} tracks, {len(known)} numbers, {len(text)} bytes")


if __name__ == "__main__":
    main()
