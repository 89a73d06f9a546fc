"""Every request is counted and logged by its route, never by its address: addresses hold readers' links and ids."""

import time
from http import HTTPStatus

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.services.operations import STATES, State

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_JOBS = ("queued", "running", "done", "failed", "cancelled")
_UNKNOWN = "unknown"
_API = "/api/v1"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_QUIET = {"/healthz", "/readyz", "/metrics"}

log = structlog.get_logger()


class Measures:
    """The numbers of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(namespace="blindread", registry=self._registry)
        self.seconds = Histogram(
            "blindread_request_seconds",
            "Time until a request's answer began, by route.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.answers = Counter(
            "blindread_answers",
            "Answers by route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._jobs = self._gauge("blindread_jobs", "Jobs by status.", "status")
        self._sessions = self._gauge("blindread_sessions", "VTT sessions by state.", "state")
        self._oldest = self._gauge(
            "blindread_oldest_queued_job_seconds", "How long the oldest queued job has waited."
        )
        self._readers = self._gauge("blindread_readers_at_work", "Readers seen in the last five minutes.")
        self._ratings = self._gauge("blindread_ratings", "Ratings stored so far, corrections among them.")
        self._free = self._gauge("blindread_free_bytes", "Free bytes on the data folder's disk.")

    def written(self, state: State) -> bytes:
        """All numbers in Prometheus' text format."""
        for status in _JOBS:
            self._jobs.labels(status).set(state.jobs.get(status, 0))
        for name in STATES:
            self._sessions.labels(name).set(state.sessions.get(name, 0))
        self._oldest.set(state.oldest_queued_seconds)
        self._readers.set(state.readers_at_work)
        self._ratings.set(state.ratings)
        self._free.set(state.free_bytes)
        return generate_latest(self._registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(name, words, labels, registry=self._registry)


class Measured:
    """Counts and times every request, and logs it where `logged`."""

    def __init__(self, app: ASGIApp, measures: Measures, *, logged: bool) -> None:
        self.app, self.measures, self.logged = app, measures, logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, seconds = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR.value, 0.0

        async def send_noting(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        finally:
            self._note(scope, status, seconds or time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"] if scope["method"] in _METHODS else _UNKNOWN, route_of(scope)
        self.measures.seconds.labels(method, route).observe(seconds)
        self.measures.answers.labels(method, route, str(status)).inc()
        if self.logged and route not in _QUIET:
            log.info("request", method=method, route=route, status=status, ms=round(1000 * seconds, 1))


def route_of(scope: Scope) -> str:
    """The route's pattern, such as /sessions/{session_id}; one word for all addresses that are none of ours."""
    if scope["path"].startswith("/static/"):
        return "/static"
    route = scope.get("route")
    found: str = getattr(route, "path", _UNKNOWN)
    within = scope["path"].startswith(_API) and found.startswith("/") and not found.startswith(_API)
    return _API + found if within else found  # a router that is part of another knows its own part alone
