from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.models.classification.selection import selected

SOME = {"calm": 0.2, "happy": 0.7, "sad": 0.05, "slow": 0.2}


def test_the_likeliest_come_first_and_equals_keep_their_order() -> None:
    assert list(selected(SOME, top_k=4, threshold=0).items()) == [
        ("happy", 0.7),
        ("calm", 0.2),
        ("slow", 0.2),
        ("sad", 0.05),
    ]


def test_number_and_threshold_both_limit() -> None:
    assert list(selected(SOME, top_k=2, threshold=0)) == ["happy", "calm"]
    assert list(selected(SOME, top_k=4, threshold=0.2)) == ["happy", "calm", "slow"]
    assert selected(SOME, top_k=4, threshold=0.9) == {}


def test_all_are_kept_on_request() -> None:
    assert len(selected(SOME, top_k=1, threshold=0.9, complete=True)) == 4


@given(
    st.dictionaries(st.text(max_size=4), st.floats(0, 1), max_size=30),
    st.integers(1, 40),
    st.floats(0, 1),
)
def test_what_is_kept_is_likelier_than_what_is_not(labels: dict[str, float], top_k: int, threshold: float) -> None:
    kept = selected(labels, top_k=top_k, threshold=threshold)
    assert len(kept) <= top_k
    for label, probability in kept.items():
        assert abs(labels[label] - probability) <= 5e-7
        assert labels[label] >= threshold
    left_out = [value for label, value in labels.items() if label not in kept and value >= threshold]
    assert len(kept) == top_k or not left_out
    assert all(labels[label] >= value for label in kept for value in left_out)
