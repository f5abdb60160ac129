import json
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from small_dataset_audio.dataset.statistics.schema import STATS_SCHEMA
from small_dataset_audio.dataset.statistics.summary import summarise
from small_dataset_audio.dataset.statistics.table import Table
from small_dataset_audio.features.catalog import declared
from support.statistics_library import LIBRARY, entry, written


def _whole_library(tracks: int) -> Table:
    rng = np.random.default_rng(11)
    known = declared()
    found = []
    for i in range(tracks):
        values: dict[str, object] = {}
        for place, one in enumerate(known.values()):
            value = one.low + (one.high - one.low) * (0.5 + 0.4 * np.sin(i * 0.3 + place) * rng.random())
            values[one.name] = float(value) if one.kind == "float" else round(value)
        values |= {"genre": {"House": 0.5}, "genres": ["house"], "caption": f"Piece {i}."}
        found.append(entry(f"t{i:03}", values, {"analyze": {}}))
    return Table.of(LIBRARY, known, entries=found)


@pytest.mark.parametrize("tracks", [0, 1, 2, 3, 9, 10, 40, 160])
def test_the_document_keeps_to_its_schema_whatever_the_size(tracks: int) -> None:
    document = json.loads(json.dumps(summarise(_whole_library(tracks), declared()).as_dict(), allow_nan=False))
    Draft202012Validator(STATS_SCHEMA).validate(document)
    assert document["count"] == tracks
    assert [one["name"] for one in document["numbers"]] == list(declared())


def test_all_is_told_of_a_library_on_the_disk(tmp_path: Path) -> None:
    for i in range(4):
        written(tmp_path, f"Song {i}", {"lufs": -10.0 - i, "genre": {"House": 0.9}, "mood": "calm"})
    found = summarise(Table.of(tmp_path, declared()), declared(), top=2)
    assert found.numbers["lufs"].count == 4
    assert [one.track for one in found.numbers["lufs"].highest] == ["Song 0", "Song 1"]
    assert found.numbers["bpm"].reasons == {"no stage said why": 4}
    assert found.labels["genre"].count == 4
    assert found.texts["mood"].values == {"calm": 4}
    assert found.as_dict()["problems"] == []
