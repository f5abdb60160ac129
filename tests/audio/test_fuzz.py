"""Headers that were changed at random give a recording or an error for people, and never anything else."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.errors import AudioError
from support.audio_files import RATE, SUFFIXES, music, write

HEADER = 400
"""Bytes at the start of a file, and at its end, that are changed: its headers and its index."""


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    rates = {".opus": 48000, ".weba": 48000}
    return {
        suffix: write(folder / f"a{suffix}", music(0.2, rates.get(suffix, RATE)), rates.get(suffix, RATE)).read_bytes()
        for suffix in SUFFIXES
    }


changes = st.lists(
    st.tuples(
        st.integers(-HEADER, HEADER - 1),
        st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"])),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=changes, allow=st.booleans())
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_changed_headers(
    originals: dict[str, bytes],
    tmp_path: Path,
    suffix: str,
    changes: list[tuple[int, bytes, int]],
    allow: bool,  # noqa: FBT001 - hypothesis gives it by name
) -> None:
    data = bytearray(originals[suffix])
    for at, new, removed in changes:
        start = at % len(data)
        data[start : start + removed] = new
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    try:
        clip = decode(path, allow_truncated=allow)
    except AudioError as error:
        assert all((error.what, error.why, error.fix))  # noqa: PT017 - either outcome is right
    else:
        assert clip.samples.dtype == np.float32
        assert clip.samples.size > 0
        assert np.isfinite(clip.samples).all()
        assert 1000 <= clip.rate <= 1_000_000
    try:
        facts = probe(path)
    except AudioError:
        return
    assert facts.seconds is None or facts.seconds >= 0
