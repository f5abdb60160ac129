from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.export.split import split

_SONGS = [f"song {number:02}" for number in range(40)]


def _validation(answer: Mapping[str, str]) -> set[str]:
    return {name for name, part in answer.items() if part == "validation"}


def test_every_song_has_one_place_and_the_share_is_kept() -> None:
    answer = split(_SONGS, {}, (), 0.1, 0)
    assert list(answer) == _SONGS
    assert Counter(answer.values()) == {"train": 36, "validation": 4}


def test_another_seed_gives_another_split_and_the_same_seed_the_same() -> None:
    first = split(_SONGS, {}, (), 0.25, 1)
    assert split(reversed(_SONGS), {}, (), 0.25, 1) == first
    assert split(_SONGS, {}, (), 0.25, 2) != first


def test_it_is_the_same_on_every_machine() -> None:
    assert _validation(split(_SONGS, {}, (), 0.1, 0)) == {"song 17", "song 20", "song 26", "song 31"}


def test_songs_that_belong_together_stay_together() -> None:
    groups = [{"song 00", "song 01"}, {"song 01", "song 02"}, {"song 10", "song 11"}, {"song 20", "not there"}]
    for seed in range(20):
        answer = split(_SONGS, {}, groups, 0.2, seed)
        assert len({answer[name] for name in ("song 00", "song 01", "song 02")}) == 1
        assert answer["song 10"] == answer["song 11"]
        assert sum(part == "validation" for part in answer.values()) == 8


@pytest.mark.parametrize("seed", range(5))
def test_each_attribute_gets_its_share(seed: int) -> None:
    strata = {
        name: (f"tempo: {('slow', 'fast')[number % 2]}", f"scale: {('major', 'minor')[number % 4 // 2]}")
        for number, name in enumerate(_SONGS)
    }
    chosen = _validation(split(_SONGS, strata, (), 0.2, seed))
    counts = Counter(one for name in chosen for one in strata[name])
    assert counts == {"tempo: slow": 4, "tempo: fast": 4, "scale: major": 4, "scale: minor": 4}


def test_a_rare_genre_is_not_lost_to_training() -> None:
    strata = {name: ("genre: harp",) if name == "song 07" else ("genre: house",) for name in _SONGS}
    assert all(split(_SONGS, strata, (), 0.1, seed)["song 07"] == "train" for seed in range(10))


def test_nothing_is_tested_on_where_nothing_is_wanted() -> None:
    assert set(split(_SONGS, {}, (), 0.0, 0).values()) == {"train"}


def test_both_parts_have_a_song_where_that_is_possible() -> None:
    assert Counter(split(["a", "b"], {}, (), 0.01, 0).values()) == {"train": 1, "validation": 1}
    assert Counter(split(["a", "b"], {}, (), 1.0, 0).values()) == {"train": 1, "validation": 1}
    assert split(["a"], {}, (), 0.5, 0) == {"a": "train"}
    assert split([], {}, (), 0.5, 0) == {}


def test_songs_that_are_all_alike_are_all_learnt_from() -> None:
    assert set(split(_SONGS, {}, [_SONGS], 0.5, 0).values()) == {"train"}


def test_a_unit_that_is_larger_than_the_share_is_taken_where_there_is_no_smaller_one() -> None:
    answer = split(_SONGS[:9], {}, [_SONGS[:5], _SONGS[5:9]], 0.1, 0)
    assert _validation(answer) == set(_SONGS[5:9])


_NAMES = st.lists(st.sampled_from(_SONGS), unique=True, max_size=20)


@given(
    names=_NAMES,
    groups=st.lists(st.frozensets(st.sampled_from(_SONGS), max_size=4), max_size=6),
    labels=st.lists(st.lists(st.sampled_from("abc"), max_size=3), min_size=40, max_size=40),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32),
)
def test_whatever_is_asked_nothing_is_lost_and_groups_hold(
    names: list[str], groups: list[frozenset[str]], labels: list[list[str]], share: float, seed: int
) -> None:
    strata = dict(zip(_SONGS, labels, strict=True))
    answer = split(names, strata, groups, share, seed)
    assert list(answer) == names
    assert all(len({answer[name] for name in group if name in answer}) <= 1 for group in groups)
    assert not names or "train" in answer.values()
    assert split(sorted(names), strata, groups, share, seed) == answer
