"""What tests of models share."""

from collections.abc import Iterator

import pytest

from support.http_server import Site, serving


@pytest.fixture(scope="session")
def _server() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(_server: Site) -> Site:
    """Return a local HTTP server that serves nothing yet."""
    _server.pages.clear()
    _server.asked.clear()
    return _server
