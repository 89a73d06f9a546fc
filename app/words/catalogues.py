"""The catalogues of translations in app/locale, read as they are written: nothing has to be compiled before."""

from datetime import date
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from app.words.languages import ENGLISH
from app.words.sentence import Sentence

FOLDER = Path(__file__).parents[1] / "locale"


@cache
def locale(language: str) -> Locale:
    """How the language writes numbers and dates; English as in Britain."""
    return Locale.parse("en_GB" if language == ENGLISH else language.replace("-", "_"))


def read(language: str) -> Catalog:
    """A catalogue's messages, as translators keep them."""
    with (FOLDER / f"{locale(language)}.po").open("rb") as file:
        return read_po(file, locale(language))


@cache
def translations(language: str) -> NullTranslations:
    """Gettext's functions for the language; what has no translation stays English."""
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def translate(language: str, text: str) -> str:
    """A marked sentence in the language; what was not marked (a researcher's own words) stays as it is."""
    if not isinstance(text, Sentence):
        return text
    return text.translated(translations(language).gettext, lambda value: _said(language, value))


def number(language: str, value: float) -> str:
    """A number as the language groups and points it."""
    return format_decimal(value, locale=locale(language))


def day(language: str, at: date) -> str:
    """A date with the month as a word where the language has one."""
    return format_date(at, "long", locale(language))


def _said(language: str, value: object) -> object:
    return number(language, value) if isinstance(value, int) else value
