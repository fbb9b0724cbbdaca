"""docs/needs.md points at pages and tests that are there."""

import ast
import re
from pathlib import Path

import pytest
from django.urls import resolve

ROOT = Path(__file__).resolve().parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/needs.md").read_text().splitlines()
    if re.match(r"\| \d", line)
]
SECTIONS = {"6.1", "7.1.1", "7.1.2", "7.1.3", "7.2.2", "7.2.3", "7.2.4", "7.2.5"}


def test_every_section_has_needs():
    assert {row[0] for row in ROWS} == SECTIONS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1][:40])
def test_the_page_and_the_test_are_there(row):
    _, _, page, test = row
    resolve(page.strip("`"))
    path, _, name = test.strip("`").partition("::")
    tree = ast.parse((ROOT / path).read_text())
    names = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert names
    assert not name or name in names
