"""The web application: wiring, nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from app import bundled, schema
from app.errors import AppError, ConflictError
from app.settings import Settings, keep_private, load_settings
from app.web import (
    account,
    admin,
    audits,
    checkpoints,
    conduct,
    designs,
    drafts,
    experiments,
    health,
    imagesets,
    invitations,
    jobs,
    joining,
    monitoring,
    no_reminders,
    pages,
    plans,
    previews,
    privacy,
    reading_steps,
    readings,
    reminders,
    reports,
    sessions,
    sharing,
    signin,
    stimuli,
    tokens,
    users,
    writing,
)
from app.web.api import described, routes
from app.web.deps import Context
from app.web.hosts import TrustedHosts
from app.web.measuring import Measured
from app.web.security import BodyLimit, SameOriginWrites, SecurityHeaders


def create_app(settings: Settings) -> FastAPI:
    """The application for these settings; raises ConflictError where the database is not migrated."""
    ctx = Context.build(settings)
    if not schema.is_current(ctx.database):
        ctx.database.close()
        raise ConflictError("The database is not up to date; run `blindread migrate` first.")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        ctx.database.close()

    app = FastAPI(title="Blindread", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.context = ctx
    for router in (  # looked through in turn: readers' calls are most of all
        health,
        readings,
        stimuli,
        reading_steps,
        signin,
        drafts,
        imagesets,
        writing,
        checkpoints,
        experiments,
        jobs,
        plans,
        previews,
        designs,
        sessions,
        sharing,
        privacy,
        conduct,
        monitoring,
        invitations,
        reminders,
        no_reminders,
        joining,
        audits,
        reports,
        account,
        tokens,
        admin,
        users,
        described,
        routes,
    ):
        app.include_router(router.router)
    app.mount("/static", GZipMiddleware(StaticFiles(directory=bundled.path("static"))), name="static")
    app.add_exception_handler(AppError, pages.show_app_error)
    app.add_exception_handler(HTTPException, pages.show_http_error)
    app.add_exception_handler(RequestValidationError, pages.show_validation_error)
    app.add_exception_handler(Exception, pages.show_crash)
    app.add_middleware(BodyLimit)
    app.add_middleware(SameOriginWrites, public=settings.base_url)
    app.add_middleware(TrustedHosts, names=settings.trusted_hosts)
    app.add_middleware(SecurityHeaders, secure=settings.secure_cookies)
    app.add_middleware(Measured, measures=ctx.measures, logged=settings.log_requests)
    return app


def from_environment() -> FastAPI:
    """The application for uvicorn: `uvicorn --factory app.main:from_environment`."""
    keep_private()
    return create_app(load_settings(os.environ))
