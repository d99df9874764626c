"""What a tab's questions are restricted to, as the tab sends it along. It is untrusted."""

import json
from dataclasses import dataclass

from index.reading import require_date
from index.types import BriefError

_MOST = 10_000  # documents


@dataclass(frozen=True, slots=True)
class Selection:
    """Ids of the documents that are asked, None for all, and the date since which they count."""

    documents: tuple[str, ...] | None = None
    since: str = ""


def read_selection(raw: str | None) -> Selection:
    """Return what a tab has sent; nothing is no restriction.

    >>> read_selection('{"documents": ["1f"], "since": "2023"}')
    Selection(documents=('1f',), since='2023')

    Raises:
        BriefError: no document is chosen, the date is none, or it is not what `selection.js` sends.
    """
    if not raw:
        return Selection()
    try:
        sent = json.loads(raw)
        documents, since = sent["documents"], sent["since"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _unreadable() from None
    if not isinstance(since, str) or not (documents is None or _are_ids(documents)):
        raise _unreadable()
    if documents == []:
        raise BriefError("No document is chosen. Choose some in the library, or ask all of them.")
    if since:
        require_date(since)
    return Selection(None if documents is None else tuple(documents), since)


def _are_ids(sent: object) -> bool:
    return isinstance(sent, list) and len(sent) <= _MOST and all(isinstance(i, str) for i in sent)


def _unreadable() -> BriefError:
    return BriefError("What this question is asked of cannot be read. Reload the page.")
