"""Read the evaluation folder into questions with candidate sentences, split by article.

Knows files and labels; knows nothing of models.
"""

import json
import random
import re
from dataclasses import dataclass, replace
from pathlib import Path

import nupunkt

SEED = 20261124
MAX_LENGTH = 128  # tokens of one (question, candidate) pair
PREVIOUS_WORDS = 24  # a subject stands early, so the head of the previous sentence is enough
SOURCES = ("squad2", "selqa", "clapnq", "mtrag")
PRONOUNS = re.compile(
    r"\b(it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there"
    r"|thanks?|mean|meant|more|else|other|also|again|instead|one|ones|you)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence with what stands before it, where, and whether it states the answer."""

    text: str
    previous: str
    title: str
    states: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the sentences to choose from, and the strings that would give it away.

    `rest` holds further sentences of the same document that do not state the answer.
    """

    id: str
    source: str
    group: str
    text: str
    candidates: tuple[Candidate, ...]
    rest: tuple[Candidate, ...] = ()
    spoilers: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        return any(c.states for c in self.candidates)


def compose(candidate: Candidate) -> str:
    """Write a candidate as the second text of a pair.

    >>> compose(Candidate("He left.", "Keita ruled Mali.", "Mali", False))
    'He left. [Mali: Keita ruled Mali.]'
    """
    previous = " ".join(candidate.previous.split()[:PREVIOUS_WORDS])
    context = ": ".join(part for part in (candidate.title, previous) if part)
    return f"{candidate.text} [{context}]" if context else candidate.text


def chain(texts: list[str], title: str, states: set[int]) -> list[Candidate]:
    """Turn consecutive sentences into candidates, each knowing the one before it."""
    before = ["", *texts[:-1]]
    return [Candidate(t, p, title, i in states) for i, (t, p) in enumerate(zip(texts, before))]


def without_answer(question: Question) -> Question:
    """Remove the sentences that state the answer, also where they are a previous sentence."""
    stated = {c.text for c in question.candidates if c.states}
    kept = [
        replace(c, previous="") if c.previous in stated else c
        for c in question.candidates
        if not c.states
    ]
    rest = [replace(c, previous="") if c.previous in stated else c for c in question.rest]
    return replace(question, id=question.id + "-removed", candidates=tuple(kept), rest=tuple(rest))


def holds(candidate: Candidate, spoilers: tuple[str, ...]) -> bool:
    """Tell whether a sentence contains one of the answer strings."""
    text = candidate.text.lower()
    return any(s.lower() in text for s in spoilers)


def read_squad2(folder: Path) -> list[Question]:
    """A sentence states the answer when an annotated answer starts in it."""
    questions = []
    for article in json.loads((folder / "squad2/squad2-12-articles.json").read_text())["data"]:
        title = article["title"].replace("_", " ")
        paragraphs = []
        for paragraph in article["paragraphs"]:
            spans = spans_of(paragraph["context"])
            paragraphs.append((paragraph, spans, [paragraph["context"][s:e] for s, e in spans]))
        for n, (paragraph, spans, texts) in enumerate(paragraphs):
            others = [
                c
                for m, (_, _, t) in enumerate(paragraphs)
                if m != n
                for c in chain(t, title, set())
            ]
            for qa in paragraph["qas"]:
                starts = [] if qa["is_impossible"] else [a["answer_start"] for a in qa["answers"]]
                stated = {i for i, (s, e) in enumerate(spans) if any(s <= x < e for x in starts)}
                if starts and not stated:
                    continue
                spoilers = tuple({a["text"] for a in qa["answers"]}) if starts else ()
                rest = tuple(c for c in others if not holds(c, spoilers))
                text = " ".join(qa["question"].split())
                candidates = tuple(chain(texts, title, stated))
                questions.append(
                    Question(qa["id"], "squad2", title, text, candidates, rest, spoilers)
                )
    return questions


def spans_of(text: str) -> list[tuple[int, int]]:
    """Sentence offsets without surrounding white space."""
    spans = []
    for start, end in nupunkt.sent_spans(text):
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = end - (len(piece) - len(piece.rstrip()))
        if right > left:
            spans.append((left, right))
    return spans


def read_selqa(folder: Path) -> list[Question]:
    """Every question has at least one sentence that answers it; candidates are one section."""
    questions = []
    for part in ("dev", "test"):
        for n, item in enumerate(json.loads((folder / f"selqa/selqa-{part}.json").read_text())):
            title = item["article"]
            if item["section"] and item["section"] != title and n % 2:
                title = f"{title}, {item['section']}"
            candidates = tuple(chain(item["candidates"], title, set(item["answers"])))
            text = " ".join(item["question"].split())
            questions.append(Question(f"{part}-{n}", "selqa", item["article"], text, candidates))
    return questions


def read_clapnq(folder: Path) -> list[Question]:
    """A sentence states the answer when any annotator selected it."""
    questions = []
    for part in ("answerable", "unanswerable"):
        for line in (folder / f"clapnq/{part}.jsonl").read_text().splitlines():
            item = json.loads(line)
            passage = item["passages"][0]
            chosen = {s for o in item["output"] for s in o["selected_sentences"]}
            stated = {i for i, s in enumerate(passage["sentences"]) if s in chosen}
            if (part == "answerable") != bool(stated):
                continue
            candidates = tuple(chain(passage["sentences"], passage["title"], stated))
            questions.append(
                Question(item["id"], "clapnq", passage["title"], item["input"], candidates)
            )
    return questions


def standalone(task: dict) -> str | None:
    """The last user turn where it needs no history, else the query written for the search."""
    text = " ".join(task["user"]["text"].split())
    first = task["user"]["enrichments"]["Multi-Turn"] == ["N/A"]
    if first or (len(text.split()) >= 5 and not PRONOUNS.search(text)):
        return text
    written = []
    for context in task["agent"]["contexts"]:
        found = re.search(r'"model_text": ("(?:[^"\\]|\\.)*")', json.dumps(context.get("query")))
        query = json.loads(found.group(1)) if found else ""
        votes = [v["value"] for v in context.get("feedback", {}).get("relevant", {}).values()]
        if query and "|user|" not in query and len(query.split()) >= 4 and "yes" in votes:
            written.append(" ".join(query.split()))
    answerable = task["user"]["enrichments"]["Answerability"] == ["ANSWERABLE"]
    written = [w for w in written if not PRONOUNS.search(w)]
    return written[-1] if written and answerable else None


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def read_mtrag(folder: Path) -> list[Question]:
    """No sentence is annotated: one counts when 60 % of its longer words are in the reference.

    Partly answerable turns are left out. Conversations that share a title share a group.
    """
    tasks = [json.loads(x) for x in (folder / "mtrag/tasks.jsonl").read_text().splitlines()]
    owner: dict[str, str] = {}

    def root(name: str) -> str:
        while owner.setdefault(name, name) != name:
            name = owner[name]
        return name

    for task in tasks:
        for context in task["agent"]["contexts"]:
            mine, theirs = root(task["conversation_id"]), root("t:" + context_title(context))
            owner[theirs] = mine
    questions = []
    for task in tasks:
        label = task["user"]["enrichments"]["Answerability"][0]
        text = standalone(task)
        if label == "PARTIAL" or not text:
            continue
        reference = set(words(task["agent"]["text"]))
        candidates, seen = [], set()
        for context in task["agent"]["contexts"]:
            title = context_title(context)
            body = context["text"].removeprefix(title).strip()
            votes = [v["value"] for v in context.get("feedback", {}).get("relevant", {}).values()]
            relevant = votes.count("yes") >= max(1, votes.count("no"))
            lines = [body[s:e] for s, e in spans_of(body)]
            for candidate in chain([" ".join(t.split()) for t in lines], title, set()):
                if candidate.text in seen or len(candidate.text) < 3:
                    continue
                seen.add(candidate.text)
                long = [w for w in words(candidate.text) if len(w) > 3]
                share = sum(w in reference for w in long) / len(long) if len(long) > 3 else 0
                stated = label == "ANSWERABLE" and relevant and share >= 0.6
                candidates.append(replace(candidate, states=stated))
        if label == "ANSWERABLE" and not any(c.states for c in candidates):
            continue
        group = root(task["conversation_id"])
        questions.append(Question(task["task_id"], "mtrag", group, text, tuple(candidates)))
    return questions


def context_title(context: dict) -> str:
    return (context.get("title") or "").strip()


@dataclass(frozen=True, slots=True)
class Splits:
    """Questions by part: `train`, `calibrate` and `test` share no article."""

    train: tuple[Question, ...]
    calibrate: tuple[Question, ...]
    test: tuple[Question, ...]
    groups: dict[str, dict[str, list[str]]]


SHARES = {  # of groups: (test, calibrate)
    "squad2": (3 / 12, 1 / 12),
    "selqa": (0.20, 0.08),
    "clapnq": (0.40, 0.12),
    "mtrag": (0.50, 0.15),
}


def load(folder: Path) -> Splits:
    """Read all four sources and split each by article, passage title or conversation."""
    read = {
        "squad2": read_squad2(folder),
        "selqa": read_selqa(folder),
        "clapnq": read_clapnq(folder),
        "mtrag": read_mtrag(folder),
    }
    parts: dict[str, list[Question]] = {"train": [], "calibrate": [], "test": []}
    groups: dict[str, dict[str, list[str]]] = {}
    for source, questions in read.items():
        names = sorted({q.group for q in questions})
        random.Random(f"{SEED}-{source}").shuffle(names)
        test, calibrate = (round(share * len(names)) for share in SHARES[source])
        chosen = {
            "test": names[:test],
            "calibrate": names[test : test + calibrate],
            "train": names[test + calibrate :],
        }
        groups[source] = {part: sorted(g) for part, g in chosen.items()}
        part_of = {name: part for part, g in chosen.items() for name in g}
        for question in questions:
            parts[part_of[question.group]].append(question)
    # a title met in a held-out part of one source must not be trained on through another
    held = {titles_of(q) for part in ("test", "calibrate") for q in parts[part]}
    held_titles = set().union(*held)
    parts["train"] = [q for q in parts["train"] if not titles_of(q) & held_titles]
    return Splits(*(tuple(parts[p]) for p in ("train", "calibrate", "test")), groups)


def titles_of(question: Question) -> frozenset[str]:
    if question.source == "mtrag":
        return frozenset(c.title for c in question.candidates if c.title)
    return frozenset({question.group})
