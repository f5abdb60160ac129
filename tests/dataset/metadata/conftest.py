from collections.abc import Iterator

import pytest

from support.metadata_server import Site, fill, hurry, serving


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Yield services that know one recording."""
    hurry(monkeypatch)
    with serving() as site:
        fill(site)
        yield site
