"""The page on which one signs in: plain HTML without scripts, in English or French."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Literal
from urllib.parse import quote

Language = Literal["en", "fr"]

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Sign in",
        "name_label": "Name",
        "password_label": "Password",
        "button": "Sign in",
        "lost": "Who has no name here or has lost the password asks an administrator.",
        "other": "fr",
        "other_name": "Français",
    },
    "fr": {
        "title": "Connexion",
        "name_label": "Nom",
        "password_label": "Mot de passe",
        "button": "Se connecter",
        "lost": "Sans nom ici ou sans mot de passe, adressez-vous à l’administrateur.",
        "other": "en",
        "other_name": "English",
    },
}


def language_of(chosen: str | None, accepted: str) -> Language:
    """Return the language that was chosen on the page, else the one that the browser prefers."""
    if chosen in ("en", "fr"):
        return "fr" if chosen == "fr" else "en"
    return "fr" if accepted.lower().startswith("fr") else "en"


def login_page(language: Language, *, next_: str = "/", name: str = "", problem: str = "") -> str:
    """Return the page; `problem` says in that language why somebody is not signed in yet."""
    return _template().substitute(
        {key: escape(words) for key, words in _WORDS[language].items()},
        language=language,
        next=escape(next_),
        next_in_address=escape(quote(next_)),
        name=escape(name),
        problem=escape(problem),
        focus_name="" if name else "autofocus",
        focus_password="autofocus" if name else "",
    )


@cache
def _template() -> Template:
    return Template((Path(__file__).parents[1] / "login.html").read_text("utf-8"))
