"""The languages of the reader's pages, and which of them a browser asks for."""

ENGLISH = "en"
LANGUAGES = {
    ENGLISH: "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "ja": "日本語",
    "zh-Hans": "简体中文",
}
"""Language tags as HTML has them, with the languages' names for themselves."""


def choose(chosen: str | None, accepted: str) -> str:
    """The language that somebody chose, else the best of an Accept-Language header, else English."""
    if chosen in LANGUAGES:
        return chosen
    offered = (_offered(part) for part in accepted.split(",")[:20])
    wanted = sorted((-weight, place, tag) for place, (tag, weight) in enumerate(offered) if weight > 0)
    for _, _, tag in wanted:
        for language in LANGUAGES:
            if _primary(tag) == _primary(language):
                return language
    return ENGLISH


def _primary(tag: str) -> str:
    """A region's or script's variety is better than another language: pt-BR for pt, zh-Hans for zh-TW."""
    return tag.partition("-")[0]


def _offered(part: str) -> tuple[str, float]:
    """Tag and weight of a part of the header such as "de-CH;q=0.8"; weight 0 is a refusal."""
    tag, _, parameter = part.strip().lower().partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        return tag.strip(), float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return tag.strip(), 0.0
