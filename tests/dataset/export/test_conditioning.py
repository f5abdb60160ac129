from pathlib import Path

import pytest

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.export.conditioning import Conditioning, choose, leave_out_unmeasured, require_declared
from small_dataset_audio.dataset.export.items import Gathered, Item
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import UsageError
from small_dataset_audio.features.catalog import BY_NAME

_DECLARED = {name: BY_NAME[name] for name in ("bpm", "bpm_is_defined", "onset_count", "lufs", "tonic")}


def _item(name: str, absent: dict[str, str] | None = None, **values: object) -> Item:
    provenance = {"stages": {"analyze": {"absent": absent or {}}}}
    entry = Entry(Track(Path("library") / name), values, provenance)
    return Item(entry, entry, Path("library") / name / "full_mix.wav", name)


def test_what_every_recording_has_is_conditioned_on_in_the_order_of_the_catalog() -> None:
    items = [_item("a", tonic=1, bpm=120.0, onset_count=7, mine=3), _item("b", bpm=90.0, tonic=2, onset_count=9)]
    chosen = choose(items, _DECLARED, None)
    assert [one.name for one in chosen.numbers] == ["bpm", "onset_count", "tonic"]
    assert chosen.lacking == ()
    assert chosen.configs() == [
        {"id": "bpm", "type": "number", "config": {"min_val": 40, "max_val": 300}},
        {"id": "onset_count", "type": "number", "config": {"min_val": 0, "max_val": 10000}},
        {"id": "tonic", "type": "int", "config": {"min_val": 0, "max_val": 11}},
    ]


def test_what_one_recording_lacks_is_conditioned_on_for_none_and_said() -> None:
    items = [
        _item("a", bpm=120.0, lufs=-9.0),
        _item("b", {"bpm": "there are no beats"}, lufs=-9.0),
        _item("c", lufs=-1.0),
    ]
    chosen = choose(items, _DECLARED, None)
    assert [one.name for one in chosen.numbers] == ["lufs"]
    assert [one.as_dict() for one in chosen.lacking] == [
        {"name": "bpm", "files": 2, "example": "b", "reason": "there are no beats"}
    ]
    assert choose(items[:1], _DECLARED, ["bpm"]).numbers == (BY_NAME["bpm"],)


def test_values_beyond_the_range_are_clipped_and_told() -> None:
    items = [_item("a", bpm=999.0, lufs=-50.0, tonic=3, bpm_is_defined=1)]
    told, clipped = choose(items, _DECLARED, None).values(items[0].entry)
    assert told == {"bpm": 300.0, "lufs": -40.0, "tonic": 3, "bpm_is_defined": 1}
    assert {name: type(value) for name, value in told.items()} == {
        "bpm": float, "lufs": float, "tonic": int, "bpm_is_defined": int,
    }  # fmt: skip
    assert clipped == {"bpm": 999.0, "lufs": -50.0}


def test_a_class_that_somebody_wrote_as_a_fraction_is_a_number() -> None:
    chosen = choose([_item("a", tonic=3.5), _item("b", tonic=4)], _DECLARED, None)
    assert chosen.configs()[0]["type"] == "number"
    assert chosen.values(_item("a", tonic=3.5).entry)[0] == {"tonic": 3.5}


def test_no_value_is_ever_invented() -> None:
    with pytest.raises(KeyError):
        Conditioning((BY_NAME["bpm"],)).values(_item("a").entry)


def test_what_lacks_a_number_that_was_named_is_left_out() -> None:
    items = [_item("a", bpm=120.0), _item("b", {"lufs": "it is silent"}, tonic=1), _item("c", bpm=100.0, lufs=-3.0)]
    gathered = Gathered("tracks", list(items))
    leave_out_unmeasured(gathered, _DECLARED, ["bpm", "lufs"])
    assert [item.name for item in gathered.items] == ["c"]
    assert [(one.name, one.failed) for one in gathered.left_out] == [("a", False), ("b", False)]
    assert "no bpm and no lufs" in gathered.left_out[1].error.what
    assert "lufs: no stage said why" in gathered.left_out[0].error.why


def test_what_was_never_measured_is_left_out_rather_than_every_number() -> None:
    gathered = Gathered("tracks", [_item("a", bpm=120.0), _item("b", title="x")])
    leave_out_unmeasured(gathered, _DECLARED, None)
    assert [item.name for item in gathered.items] == ["a"]
    assert gathered.left_out[0].failed
    assert "sda run" in gathered.left_out[0].error.fix


def test_a_library_without_any_numbers_is_exported_without() -> None:
    gathered = Gathered("tracks", [_item("a"), _item("b", title="x")])
    leave_out_unmeasured(gathered, _DECLARED, None)
    assert len(gathered.items) == 2
    assert choose(gathered.items, _DECLARED, None) == Conditioning()


def test_names_must_be_declared() -> None:
    require_declared(["bpm"], _DECLARED)
    with pytest.raises(UsageError) as caught:
        require_declared(["bpmm"], _DECLARED)
    assert "Did you mean bpm" in caught.value.fix
    with pytest.raises(UsageError):
        require_declared(["qqq"], _DECLARED)
