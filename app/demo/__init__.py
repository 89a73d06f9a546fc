"""The demonstration: a generator of brain slices, a session and a reader's link, on this machine alone."""

from collections.abc import Mapping
from dataclasses import replace

from app import logs
from app.demo import children
from app.demo.credentials import Credentials
from app.demo.preparation import ADMIN, RESEARCHER, prepare
from app.errors import ConflictError
from app.settings import Settings, keep_private, load_settings


def run(environ: Mapping[str, str], port: int | None, *, prepare_only: bool) -> None:
    """Prepare, start server and worker, print how to sign in, and end both on SIGINT or SIGTERM."""
    keep_private()
    settings = load_settings(environ)
    settings = replace(settings, host=children.HOST, port=port or settings.port, base_url="")
    logs.to_stderr()
    if not prepare_only and children.taken(settings.port):
        raise ConflictError(
            f"Something else listens on port {settings.port}; choose another one, such as PORT=8001."
        )
    credentials = prepare(settings)
    if prepare_only:
        _tell(settings, credentials)
        return
    started = children.start(settings, environ)
    try:
        children.wait_until_ready(settings, started)
        _tell(settings, credentials)
        children.wait(started)
    finally:
        children.end(started)


def _tell(settings: Settings, credentials: Credentials) -> None:
    """Print how to sign in; the reader's link stands last, on a line of its own."""
    url = settings.public_url
    print(f"Blindread's demonstration: {url} (this machine only; Ctrl-C ends it)\n")
    print(f"Researcher: {url}/sign-in")
    print(f"  e-mail    {RESEARCHER}")
    print(f"  password  {credentials.researcher_password}")
    print(f"Admin:      {ADMIN}, password {credentials.admin_password}\n")
    print("A reader's personal link:")
    print(f"{url}/r/{credentials.link_token}", flush=True)
