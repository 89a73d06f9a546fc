"""Files of weights on the command line: foreign ones are read once by a child, and their refusals told as sentences."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.checkpoint_files import import_in_child
from app.errors import InvalidError
from models import checkpoint
from models.errors import Refusal

_CACHE_VERSION = "1"  # of what the import writes


@contextlib.contextmanager
def in_a_sentence() -> Iterator[None]:
    """Turn a refusal of models/, or of the file system, into one for the user."""
    try:
        yield
    except Refusal as refusal:
        raise InvalidError(str(refusal)) from refusal
    except OSError as error:
        raise InvalidError(f"{error.filename or 'A file'}: {error.strerror}.") from error


def imported_folder(environ: Mapping[str, str], temporary: Path) -> Path:
    """Where imported checkpoints stay: in the data folder if one is set, else only for this run."""
    data_dir = environ.get("BLINDREAD_DATA_DIR")
    folder = Path(data_dir) / "imported" if data_dir else temporary
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ours(file: Path, cache: Path) -> Path:
    """The safetensors to load for a file: itself, an earlier import of the same bytes, or a new one."""
    if not file.is_file():
        raise InvalidError(f"{file} is no file.")
    if file.suffix == ".safetensors":
        return file
    kept = cache / f"{checkpoint.sha256(file)}-{_CACHE_VERSION}.safetensors"
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=cache) as staging:
            made = Path(staging) / "imported.safetensors"
            import_in_child(file, made)
            made.replace(kept)
    return kept
