"""The page on security names a test for every threat, and every test that it names exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| somebody could")]
LEAST_THREATS = 30


def test_every_threat_has_a_defence_and_a_test() -> None:
    assert len(ROWS) >= LEAST_THREATS
    for row in ROWS:
        threat, defence, test = (cell.strip() for cell in row.strip("| ").split(" | "))
        assert threat
        assert defence
        assert re.fullmatch(r"`tests/\S+\.py::test_\w+`", test), row


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/\S+\.py::test_\w+)`", PAGE))))
def test_every_named_test_exists(named: str) -> None:
    path, _, name = named.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, named
