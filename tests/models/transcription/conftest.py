"""What tests of the transcription share."""

from collections.abc import Iterator

import pytest

from small_dataset_audio.hardware.runtime import import_torch


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread: small networks wait for busy cores longer than they compute."""
    torch = import_torch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
