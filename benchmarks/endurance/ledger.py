"""What the application has acknowledged to one client, and whether it is still there, once each.

What was sent and not acknowledged may be there or not: a kill has hit it, or a connection broke.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Value:
    """Something that is written over: what was acknowledged last, and what was sent since."""

    known: str = ""
    sent: set[str] = field(default_factory=set)
    sure: bool = False  # whether anything was acknowledged at all

    def send(self, value: str) -> None:
        """Note that it may have this value from now on."""
        self.sent.add(value)

    def acknowledge(self, value: str) -> None:
        """Note that it has this value."""
        self.known, self.sent, self.sure = value, set(), True

    def may_be(self, value: str) -> bool:
        """Return whether it may have this value."""
        return value == self.known or value in self.sent


@dataclass(slots=True)
class Ledger:
    """What one client was told. `lost` says what of it is not as it should be.

    `turns` are questions by the id of their answer, `asked` how often each was sent to be kept.
    `documents` are titles by file, "" for none. `items` are comments of answers in the brief by
    the id of the answer, `gone` the answers that were taken out of it or may be.
    """

    turns: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    documents: defaultdict[str, Value] = field(default_factory=lambda: defaultdict(Value))
    items: defaultdict[str, Value] = field(default_factory=lambda: defaultdict(Value))
    added: set[str] = field(default_factory=set)
    gone: dict[str, bool] = field(default_factory=dict)  # whether that was acknowledged
    title: Value = field(default_factory=Value)

    @property
    def acknowledged(self) -> dict[str, int]:
        """How much there is of what must not be lost."""
        return {
            "turns": len(self.turns),
            "documents": sum(bool(v.known) for v in self.documents.values()),
            "removed documents": sum(v.sure and not v.known for v in self.documents.values()),
            "brief items": len(self.added - self.gone.keys()),
        }

    def lost_turns(self, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return what is wrong with the answers that are kept: gone, unfinished, or double."""
        kept = list(records)
        by_id = {record["id"]: record for record in kept}
        wrong = [f"answer {i} is kept twice" for i, n in _counts(kept, "id").items() if n > 1]
        for key, question in self.turns.items():
            record = by_id.get(key)
            if record is None:
                wrong.append(f"the answer to {question!r} is gone")
            elif record["question"] != question or record["state"] != "done":
                wrong.append(f"the answer to {question!r} is kept as {record['state']}")
        for question, count in _counts(kept, "question").items():
            if count > self.asked[question]:
                often = f"{self.asked[question]} times, kept {count} times"
                wrong.append(f"{question!r} was asked {often}")
        return wrong

    def lost_documents(self, titles: Iterable[str]) -> list[str]:
        """Return what is wrong with this client's documents among all titles of the library."""
        found: dict[str, list[str]] = defaultdict(list)
        for title in titles:
            name, _, version = title.rpartition(" v")
            if name in self.documents and version:
                found[name].append(title)
        wrong = []
        for name, value in self.documents.items():
            if len(found[name]) > 1:
                wrong.append(f"there is more than one of {name}: {found[name]}")
            there = found[name][0] if found[name] else ""
            if not value.may_be(there):
                wrong.append(f"of {name} there is {there or 'nothing'}, not {value.known or 'no'}")
        return wrong

    def lost_brief(self, brief: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the brief: its title, an answer that is gone, back or double,
        another comment.
        """
        wrong = []
        if not self.title.may_be(brief["title"]):
            wrong.append(f"the brief is called {brief['title']!r}, not {self.title.known!r}")
        count = _counts(brief["items"], "answer")
        wrong += [f"answer {key} is in the brief {n} times" for key, n in count.items() if n > 1]
        wrong += [
            f"answer {key} is gone from the brief"
            for key in self.added - self.gone.keys() - count.keys()
        ]
        wrong += [
            f"answer {key} is in the brief again"
            for key, sure in self.gone.items()
            if sure and key in count
        ]
        for item in brief["items"]:
            if item["answer"] not in self.items:
                wrong.append(f"answer {item['answer']} is in the brief, and nobody put it there")
            elif not self.items[item["answer"]].may_be(item["comment"]):
                wrong.append(f"answer {item['answer']} has the comment {item['comment']!r}")
        return wrong


def _counts(rows: Iterable[Mapping[str, Any]], key: str) -> Counter[str]:
    return Counter(row[key] for row in rows)
