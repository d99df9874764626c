"""The date of a text as its first page says it."""

import re

from index.text import MONTHS

_DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+)?(?P<month>{'|'.join(MONTHS)})"
    r"(?:\s+(?P<late_day>\d{1,2})(?:st|nd|rd|th)?)?,?\s+(?P<year>(?:19|20)\d\d)\b"
)
# A line of a title page is short and no sentence; "In June 2021 the army …" is the date of a fact.
_FIRST_LINES, _LINE_CHARS, _LINE_WORDS = 12, 80, 8


def dated_line(text: str) -> str:
    r"""Return the ISO date in the first line of a title page that has one, "" where none has.

    >>> dated_line("# Mali\n\nSahel desk, 5 September 2023\n\nIn June 2021 the army took over.")
    '2023-09-05'
    """
    lines = [line.strip(" #*_") for line in text.splitlines() if line.strip()]
    for line in lines[:_FIRST_LINES]:
        short = len(line) <= _LINE_CHARS and len(line.split()) <= _LINE_WORDS
        if short and not line.endswith((".", "!", "?")) and (found := _DATE.search(line)):
            day = found["day"] or found["late_day"]
            date = f"{found['year']}-{MONTHS.index(found['month']) + 1:02}"
            return f"{date}-{int(day):02}" if day and 1 <= int(day) <= 31 else date
    return ""
