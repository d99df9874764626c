"""What became of a document that was added, in the words of the command line and of the page."""

from index.library import Added
from index.types import Document


def outcome(added: Added, document: Document, passages: int, name: str = "") -> tuple[str, ...]:
    """Return lines: what became of a document, then what there is to know of it.

    Args:
        added: what the library says.
        document: what was to be added.
        passages: how many there are of what is in the library now.
        name: of its file, "" where that is said beside it.

    >>> well = Document("1f", "The well", "", "", "", (), notices=("page 3 has no text",))
    >>> outcome(Added("added"), well, 2)
    ('added, 2 passages', 'page 3 has no text')
    >>> outcome(Added("duplicate", well), well, 2, "a.md")
    ('duplicate: a.md has the text of “The well”, which stays as it is',)
    """
    like = added.like
    pages = ("its pages can be shown as printed from now on",) if added.has_pages else ()
    if added.outcome == "duplicate" and like:
        first = f"duplicate: {name or 'it'} has the text of “{like.title}”, which stays as it is"
        return first, *pages
    is_new = added.outcome in ("added", "replaced")
    title = document.title if is_new or not like else like.title
    first = f"{added.outcome}: {name} – “{title}”, " if name else f"{added.outcome}, "
    lines = [first + _count(passages, "passage"), *pages]
    if is_new:
        if like:
            lines.append(f"nearly the same as “{like.title}” ({added.likeness:.0%})")
        lines += document.notices
        if document.aside:
            aside = _count(len(document.aside), "paragraph")
            lines.append(f"set aside as no part of the text: {aside}")
    return tuple(lines)


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"
