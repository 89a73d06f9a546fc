"""Files that belong to the program: in a checkout its folders, in an installed wheel their copies."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def path(name: str) -> Path:
    """The folder `name`: "templates", "static", "migrations" or "demo"."""
    packaged = _PACKAGE / "_bundled" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
