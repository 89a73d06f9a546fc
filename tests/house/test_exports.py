"""Tables are written in one place, which lets no text start a formula."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITERS = {"app/report/cells.py", "app/report/r_packages.py"}
"""The second writes names, each through `cell`, by columns."""


def writes_csv(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("csv", "writer"), ("csv", "DictWriter")}
        for node in ast.walk(tree)
    )


def test_tables_are_written_in_one_place():
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "app").rglob("*.py")
        if writes_csv(ast.parse(path.read_text()))
    }
    assert found == WRITERS
