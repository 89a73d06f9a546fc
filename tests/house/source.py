"""The program's own source, for tests that look for what must not stand in it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def modules(*folders: str) -> dict[str, ast.Module]:
    """The syntax trees of all Python files in these folders, by path."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in files}


def calls(*folders: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Every call: where it stands, what is called as it is written, and the call."""
    for path, tree in modules(*folders).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{path}:{node.lineno}", ast.unparse(node.func), node


def imports(*folders: str) -> Iterator[tuple[str, str]]:
    """Every module that is imported, with the file that does so; `from a import b` counts as `a` and as `a.b`."""
    for path, tree in modules(*folders).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module
                yield from ((path, f"{node.module}.{alias.name}") for alias in node.names)
