"""Uploads: streamed to the staging folder part by part, under numbers; the files' own names are read and forgotten."""

import errno
import hashlib
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BufferedWriter
from pathlib import Path

from anyio import to_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from app.errors import InvalidError, TooLargeError
from app.services.drafts import MASKS
from app.settings import Settings

MOST_FIELDS = 50
LONGEST_FIELD = 20_000
MOST_PARTS = 60_000
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM = (
    "The server has no room for this upload; nothing of it was kept. Please tell whoever runs the server."
)
_BROKE_OFF = "The upload broke off; nothing of it was kept. Please try again."


@dataclass(frozen=True, slots=True)
class Upload:
    """What came: the staging folder's name, the number of files in it ("000001", …), the form's other fields.

    Files of the form's field “masks” are counted and lie apart, in a folder of their own. `digest` is the hash of all parts' fields and
    contents in their order: the same upload again has the same, whatever its boundary and its files' names.
    `names` are kept of a training run's files alone, since such a name says what the file is.
    """

    staged: str
    files: int
    masks: int
    fields: dict[str, str]
    digest: str
    names: dict[str, str] = field(default_factory=dict)


async def receive(
    request: Request, settings: Settings, wanted: Callable[[str], bool] | None = None
) -> Upload:
    """Stream a multipart form to disk; raises InvalidError or TooLargeError and leaves nothing behind where it cannot be taken whole.

    Where `wanted` is given, files are asked about by the last part of their names: those not wanted are passed over, the others' names kept.
    """
    name = secrets.token_hex(16)
    folder = settings.staging_dir / name
    limit = settings.upload_limit_mb * 2**20
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLargeError(_too_large(settings))
    folder.mkdir(parents=True)
    form = _Form(folder, wanted)
    try:
        await _stream(request, form, limit, _too_large(settings))
    except BaseException as error:
        form.close()
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, FormParserError | ClientDisconnect):
            raise InvalidError(_BROKE_OFF) from error
        if isinstance(error, OSError) and error.errno in _FULL:
            raise TooLargeError(_NO_ROOM) from error
        raise
    fields = {key: value.decode("utf-8", "replace") for key, value in form.fields.items()}
    return Upload(name, form.count(folder), form.count(folder / MASKS), fields, form.digest, dict(form.names))


async def _stream(request: Request, form: "_Form", limit: int, too_large: str) -> None:
    parser = form.parser(request.headers.get("content-type", ""))
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise TooLargeError(too_large)
        await to_thread.run_sync(parser.write, chunk)
    parser.finalize()
    if not form.complete:
        raise InvalidError(_BROKE_OFF)


def discard(settings: Settings, upload: Upload) -> None:
    """Remove an upload that nothing will use."""
    shutil.rmtree(settings.staging_dir / upload.staged, ignore_errors=True)


def _too_large(settings: Settings) -> str:
    return f"The upload is larger than the {settings.upload_limit_mb} MB that this server takes at once."


@dataclass(slots=True)
class _Form:
    """The parser's callbacks, as a form that grows."""

    folder: Path
    wanted: Callable[[str], bool] | None = None
    fields: dict[str, bytearray] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    _counts: dict[Path, int] = field(default_factory=dict)
    _parts: int = 0
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _field: bytearray | None = None
    _file: BufferedWriter | None = None
    _chosen: bool = False
    _whole: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _part: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """The hash of all parts so far."""
        return self._whole.hexdigest()

    def parser(self, content_type: str) -> MultipartParser:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise InvalidError("The upload must be a multipart form.")
        return MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header_ended,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._part_ended,
                "on_end": self._ended,
            },
        )

    def close(self) -> None:
        """End the part in hand; a file input without a chosen file leaves no file."""
        if self._file is not None:
            empty, path = self._file.tell() == 0 and self.wanted is None, Path(self._file.name)
            self._file.close()
            self._file = None
            if empty and not self._chosen:
                path.unlink()
                self._counts[path.parent] -= 1

    def count(self, folder: Path) -> int:
        """How many files were written to a folder."""
        return self._counts.get(folder, 0)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise InvalidError(f"At most {MOST_PARTS} files are taken in one upload.")
        self._disposition, self._field = b"", None

    def _part_ended(self) -> None:
        self._whole.update(self._part.digest())
        self.close()

    def _header_ended(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        named = options.get(b"name", b"")
        self._part = hashlib.sha256(b"%d %d " % (b"filename" in options, len(named)) + named)
        if b"filename" in options and self.wanted is not None:
            name = re.split(r"[\\/]", options[b"filename"].decode("utf-8", "replace"))[-1]
            if self.wanted(name):
                self._part.update(name.encode())
                self._open(self.folder)
                self.names[f"{self._counts[self.folder]:06d}"] = name
        elif b"filename" in options:
            self._chosen = bool(options[b"filename"])
            folder = self.folder / MASKS if options.get(b"name") == b"masks" else self.folder
            folder.mkdir(exist_ok=True)
            self._open(folder)
        else:
            name = options.get(b"name", b"").decode("utf-8", "replace")
            if name not in self.fields and len(self.fields) == MOST_FIELDS:
                raise InvalidError("This form has more fields than any page of ours.")
            self._field = self.fields.setdefault(name, bytearray())

    def _open(self, folder: Path) -> None:
        self._counts[folder] = self.count(folder) + 1
        self._file = (folder / f"{self._counts[folder]:06d}").open("wb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._part.update(data[start:end])
        if self._file is not None:
            self._file.write(data[start:end])
        elif self._field is not None:
            self._field += data[start:end]
            if len(self._field) > LONGEST_FIELD:
                raise InvalidError("A field of the form is too long.")

    def _ended(self) -> None:
        self.complete = True
