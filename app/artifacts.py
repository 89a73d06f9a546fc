"""Files that the program makes: image pixels, stimuli, checkpoints, manifests, reports; a folder by default."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem


class Artifacts:
    """A flat store of named bytes. Names are ours ("stimuli/<sha256>.png"), never a user's."""

    def __init__(self, root: str) -> None:
        """Open the store at `root`, a folder or any address that fsspec knows."""
        self._fs, self._root = fsspec.core.url_to_fs(root)

    def put(self, name: str, data: bytes) -> str:
        """Store `data` under `name`, whole or not at all; storing again replaces it. Returns the sha256."""
        target = f"{self._root}/{name}"
        partial = f"{target}.{secrets.token_hex(4)}.part"
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        with self._fs.open(partial, "wb") as handle:
            handle.write(data)
            if hasattr(handle, "fileno"):
                handle.flush()
                os.fsync(handle.fileno())
        self._fs.mv(partial, target)
        return hashlib.sha256(data).hexdigest()

    def put_content(self, folder: str, data: bytes, suffix: str) -> str:
        """Store `data` under the name of its own sha256 unless it is there. Returns the sha256."""
        digest = hashlib.sha256(data).hexdigest()
        name = f"{folder}/{digest[:2]}/{digest}{suffix}"
        if not self.exists(name):
            self.put(name, data)
        return digest

    def get_content(self, folder: str, digest: str, suffix: str) -> bytes:
        return self.get(f"{folder}/{digest[:2]}/{digest}{suffix}")

    def get(self, name: str) -> bytes:
        """The bytes; raises FileNotFoundError."""
        return bytes(self._fs.cat_file(f"{self._root}/{name}"))

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(f"{self._root}/{name}"))

    def delete(self, name: str) -> None:
        if self.exists(name):
            self._fs.rm_file(f"{self._root}/{name}")

    def delete_folder(self, name: str) -> None:
        """Everything under `name`; nothing happens where there is nothing."""
        if self.exists(name):
            self._fs.rm(f"{self._root}/{name}", recursive=True)

    def local_path(self, name: str) -> Path:
        """The file behind `name`, for libraries that read paths; a copy where the store is not a folder."""
        if isinstance(self._fs, LocalFileSystem):
            return Path(f"{self._root}/{name}")
        copy = Path(tempfile.mkdtemp(prefix="blindread-")) / name.rpartition("/")[2]
        self._fs.get_file(f"{self._root}/{name}", str(copy))
        return copy
