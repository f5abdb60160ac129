"""A browser, and two reports for it to open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from small_dataset_audio.dataset.report.write import write_report
from small_dataset_audio.features.catalog import BY_NAME
from support.browser import Browser, browser
from support.report_library import crowd, odd, rich


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a library with everything."""
    home = tmp_path_factory.mktemp("report")
    library = home / "My #1 \u00e9 100%? library"
    rich(library)
    odd(library)
    return write_report(library, home / "out #1 \u00e9", BY_NAME, sentences=["Read `this`."]).folder


@pytest.fixture(scope="package")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a library with many tracks."""
    home = tmp_path_factory.mktemp("crowd")
    crowd(home / "library", 120)
    return write_report(home / "library", home / "out", BY_NAME).folder


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(chromium: Browser) -> Iterator[Browser]:
    """A browser as it comes: light, wide, with scripts; what a page complains of fails the test."""
    chromium.dark(False)
    chromium.scripts(True)
    yield chromium
    assert chromium.said == []
