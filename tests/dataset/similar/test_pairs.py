from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.similar.pairs import Pair, Similar, grouped

NAMES = tuple("abcdefgh")


def test_groups_are_what_hangs_together() -> None:
    pairs = (Pair("a", "b", "same file", 1.0, ""), Pair("b", "d", "same loop", 0.8, ""))
    similar = Similar(("a", "b", "c", "d"), pairs)
    assert similar.groups == (frozenset("abd"), frozenset("c"))
    assert similar.independent == 2
    assert pairs[1].as_dict()["kind"] == "same loop"


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))))
def test_every_name_is_in_one_group_and_linked_names_in_the_same(links: list[tuple[str, str]]) -> None:
    groups = grouped(NAMES, links)
    assert sorted(name for group in groups for name in group) == list(NAMES)
    assert all(any({a, b} <= group for group in groups) for a, b in links)
    # A group of n names needs n - 1 links at least.
    assert len(groups) >= len(NAMES) - len({frozenset(link) for link in links if len(set(link)) == 2})
