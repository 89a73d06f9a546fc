"""A whole visual Turing test by the API, with Python's standard library alone.

    BLINDREAD_TOKEN=blr_… python api_study.py https://vtt.example.org slices/ generator.safetensors --readers R01 R02 --out results

uploads a folder of real images and a checkpoint, samples as many synthetic images, freezes and audits a session, invites readers, prints their
links, waits until they have finished, closes the session, and fetches the report and all answers. It may be stopped and started again with the
same `--run`: what was done is not done twice.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any


class Blindread:
    """The API of one server, by one token. `run` makes the idempotency keys: the same run asks for nothing twice."""

    def __init__(self, server: str, token: str, run: str) -> None:
        self.api, self.token, self.run = f"{server.rstrip('/')}/api/v1", token, run

    def get(self, path: str) -> Any:
        return json.loads(self.read(path))

    def read(self, path: str) -> bytes:
        return self._ask("GET", path, None, {})

    def pages(self, path: str) -> list[Any]:
        """All items of a list."""
        items, cursor = [], ""
        while cursor is not None:
            page = self.get(f"{path}?limit=100&cursor={cursor}")
            items, cursor = items + page["items"], page["next"]
        return items

    def post(self, path: str, what: Any = None) -> Any:
        body = None if what is None else json.dumps(what).encode()
        headers = self._key(path) | ({"Content-Type": "application/json"} if body else {})
        return json.loads(self._ask("POST", path, body or b"", headers) or b"null")

    def upload(self, path: str, field: str, files: list[Path], **fields: str) -> Any:
        """A multipart form, in memory; send large uploads in a streaming way."""
        boundary = uuid.uuid4().hex
        parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
        parts += [(f'name="{field}"; filename="{file.name}"', file.read_bytes()) for file in files]
        body = b"".join(
            f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
            for head, data in parts
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return json.loads(
            self._ask("POST", path, body + f"--{boundary}--\r\n".encode(), self._key(path) | kind)
        )

    def finished(self, path: str, what: str) -> Any:
        """Wait until the job of a thing has ended; stop with its sentence where it failed."""
        while True:
            found = self.get(path)
            job = found["job"]
            if job is None or job["status"] == "done":
                return found
            if job["ended"]:
                sys.exit(f"{what}: {job['error'] or job['status']}")
            time.sleep(0.5)

    def _key(self, path: str) -> dict[str, str]:
        return {"Idempotency-Key": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.run} {path}"))}

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        asked = urllib.request.Request(
            self.api + path,
            data=body,
            method=method,
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )
        for attempt in range(5):
            try:
                with urllib.request.urlopen(asked, timeout=300) as answer:
                    return bytes(answer.read())
            except urllib.error.HTTPError as error:
                said = json.loads(error.read())["error"]
                if error.code != 503 or attempt == 4:
                    sys.exit(f"{method} {path}: {error.code}, {said}")
            except urllib.error.URLError as error:  # safe: the idempotency key comes again
                if attempt == 4:
                    sys.exit(f"{method} {path}: {error.reason}")
            time.sleep(2)
        raise AssertionError


def prepare(server: Blindread, asked: argparse.Namespace) -> str:
    """Images, checkpoint, samples, a frozen and audited session; returns its path."""
    files = sorted(path for path in asked.images.iterdir() if path.is_file())
    real = server.upload("/image-sets", "files", files, name="Real images")
    real = server.finished(f"/image-sets/{real['id']}", "Import")
    for image in server.pages(f"/image-sets/{real['id']}/writing"):
        sys.exit(f"Image {image['place']} may hold writing: judge it on the set's page first.")
    model = server.upload("/checkpoints", "file", [asked.checkpoint], name=asked.checkpoint.stem)
    model = server.finished(f"/checkpoints/{model['id']}", "Checkpoint")
    wanted = {"name": "Samples", "seeds": f"0-{real['count'] - 1}", "psi": 1.0}
    samples = server.post(f"/checkpoints/{model['id']}/samples", wanted)
    samples = server.finished(f"/image-sets/{samples['id']}", "Sampling")
    design = {
        "title": asked.title,
        "public_title": asked.public_title,
        "real_set_id": real["id"],
        "n_real": real["count"],
        "arms": [{"image_set_id": samples["id"], "n_synthetic": samples["count"]}],
        "protocol": {"show_progress": True},
    }
    session = f"/sessions/{server.post('/sessions', design)['id']}"
    server.post(f"{session}/freeze")
    server.finished(session, "Freezing")
    return session


def open_for_readers(server: Blindread, session: str, asked: argparse.Namespace) -> None:
    """Look at what the audit found, open, invite; prints a link for each reader."""
    audit = server.finished(f"{session}/audit", "Audit")
    for finding in audit["findings"]:
        print(f"The audit found: {finding['title']} (p = {finding['p']:.2g}). {finding['sentence']}")
    server.post(f"{session}/open", {"reason": asked.reason})
    invited = server.post(f"{session}/readers/list", {"readers": [{"code": code} for code in asked.readers]})
    for reader in invited["readers"]:
        print(f"{reader['code']}: {reader['link']}", flush=True)


def wait_for_readers(server: Blindread, session: str) -> None:
    """Until all have finished; a change of `mark` is news."""
    while not all(reader["finished_at"] for reader in server.pages(f"{session}/readers")):
        time.sleep(1)


def fetch(server: Blindread, session: str, out: Path) -> None:
    """Close, look at the truth (which is logged), and keep every file of the report."""
    server.post(f"{session}/close")
    server.post(f"{session}/unblinding")
    server.finished(f"{session}/report", "Report")
    out.mkdir(parents=True, exist_ok=True)
    report = server.get(f"{session}/report")
    for name in report["files"]:
        (out / name).write_bytes(server.read(f"{session}/export/{name}"))
    for name in report["figures"]:
        (out / name).write_bytes(server.read(f"{session}/report/figures/{name}"))


def main() -> None:
    parser = argparse.ArgumentParser(description="A visual Turing test by the API of Blindread.")
    parser.add_argument("server")
    parser.add_argument("images", type=Path, help="folder of real images")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--readers", nargs="+", required=True, help="codes such as R01")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--title", default="Study by the API")
    parser.add_argument("--public-title", default="Medical images")
    parser.add_argument("--reason", default="", help="why to open in spite of what the audit finds")
    parser.add_argument("--run", default=str(uuid.uuid4()), help="the name of the run, to go on with it")
    asked = parser.parse_args()
    server = Blindread(asked.server, os.environ["BLINDREAD_TOKEN"], asked.run)
    print(f"This run is {asked.run}, by {server.get('/me')['email']}.")
    session = prepare(server, asked)
    open_for_readers(server, session, asked)
    wait_for_readers(server, session)
    fetch(server, session, asked.out)
    print(f"The report is in {asked.out}.")


if __name__ == "__main__":
    main()
