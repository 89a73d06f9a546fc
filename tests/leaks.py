"""Leaks that a server or a careless change might bring, planted between the application and who fetches from it."""

from starlette.datastructures import MutableHeaders

from app import rehearsal
from app.main import create_app


def leaking(monkeypatch, leak):
    """Let the application that is rehearsed leak: `leak(headers, body)` sees each image on its way."""

    def leaky(settings):
        inner = create_app(settings)

        async def app(scope, receive, send):
            begin = {}

            async def sent(message):
                if message["type"] == "http.response.start":
                    begin.update(message)
                    return
                if scope["path"].startswith("/read/stimuli/"):
                    await leak(MutableHeaders(raw=begin["headers"]), message["body"])
                await send(begin)
                await send(message)

            await inner(scope, receive, sent)

        app.state = inner.state
        return app

    monkeypatch.setattr(rehearsal, "create_app", leaky)
