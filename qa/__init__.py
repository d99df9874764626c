"""A question becomes a checked, cited answer. Knows neither Gradio nor Chroma.

For other programs: `open_library`, and what it gives. It is imported when it is first asked for, so
that no module of `qa` takes all the others with it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.types import BriefError
    from qa.opening import OpenLibrary, open_library
    from qa.types import Answer, Question, Turn

__all__ = ["Answer", "BriefError", "OpenLibrary", "Question", "Turn", "open_library"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from index.types import BriefError
    from qa.opening import OpenLibrary, open_library
    from qa.types import Answer, Question, Turn

    found = (Answer, BriefError, OpenLibrary, Question, Turn, open_library)
    return {public.__name__: public for public in found}[name]
