"""Write DATA_CARD.md from the splits, the training record and the figures.

python card.py EVAL_FOLDER --model .
"""

import argparse
import json
from pathlib import Path

import data

LICENCES = {
    "squad2": "CC BY-SA 4.0 (SQuAD 2.0 dev, 12 articles)",
    "selqa": "Apache-2.0 (emorynlp/selqa, dev and test)",
    "clapnq": "Apache-2.0 (primeqa/clapnq)",
    "mtrag": "Apache-2.0 (mtrag)",
}
TITLES = {
    "test squad2, paragraph": "SQuAD 2.0, the question's paragraph; adversarial impossible questions",
    "test squad2, article": "SQuAD 2.0, 24 sentences of the whole article",
    "test selqa": "SelQA, the section; not answerable = answer sentences taken out",
    "test clapnq": "CLAPnq, the passage",
    "test mtrag": "MTRAG, all contexts of the turn; sentence labels are silver",
    "report": "Bundled report, all 82 sentences; never trained or tuned on",
}


def counts(splits: data.Splits) -> str:
    lines = ["| source | licence | train | calibrate | test |", "|---|---|---|---|---|"]
    for source in data.SOURCES:
        cells = []
        for part in ("train", "calibrate", "test"):
            asked = [q for q in getattr(splits, part) if q.source == source]
            cells.append(f"{len(asked)} ({sum(not q.answerable for q in asked)} not answerable)")
        lines.append(f"| {source} | {LICENCES[source]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tables(figures: dict) -> str:
    text = ""
    for name, title in TITLES.items():
        f = figures[name]
        text += f"\n**{title}** ({f['answerable']} answerable, {f['unanswerable']} not"
        text += f", {f['ranked']} ranked)\n\n| way | first 1 | 2 | 4 | AUC | ECE |\n"
        text += "|---|---|---|---|---|---|\n"
        for way, w in f.items():
            if isinstance(w, dict):
                numbers = (w["first1"], w["first2"], w["first4"], w["auc"], w["ece"])
                text += f"| {way} | " + " | ".join(f"{x:.3f}" for x in numbers) + " |\n"
    return text


def compared(found: dict) -> str:
    text = "| set | model | first 1 | 2 | 4 | AUC |\n|---|---|---|---|---|---|\n"
    for name, ways in found.items():
        for way, w in ways.items():
            label = "int8" if way == "selector" else "float32"
            numbers = (w["first1"], w["first2"], w["first4"], w["auc"])
            text += f"| {name} | {label} | " + " | ".join(f"{x:.3f}" for x in numbers) + " |\n"
    return text


def held_out(groups: dict) -> str:
    text = ""
    for source in data.SOURCES:
        for part in ("test", "calibrate"):
            text += f"- {source}, {part}: {'; '.join(groups[source][part])}\n"
        trained = groups[source]["train"]
        text += f"- {source}, train: {'; '.join(trained) if len(trained) < 60 else f'the other {len(trained)} articles'}\n"
    return text


def main(folder: Path, model: Path) -> None:
    splits = data.load(folder)
    (model / "splits.json").write_text(json.dumps(splits.groups, indent=1) + "\n")
    found = json.loads((model / "figures.json").read_text())
    record = json.loads((model / "record.json").read_text())
    text = (model / "card.in.md").read_text()
    for name, value in {
        "COUNTS": counts(splits),
        "TABLES": tables(found["figures"]),
        "COMPARED": compared(found["int8_and_float32"]),
        "DIFFERENCE": json.dumps(found["int8_logit_difference"]),
        "TIMES": json.dumps(found["milliseconds"]),
        "LOAD": str([round(x, 1) for x in found["load_average"]]),
        "PLATT": f"a = {found['platt']['selector']['a']:.4f}, b = {found['platt']['selector']['b']:.4f}",
        "BOTH": json.dumps(found["combinations"]["selector + both"])
        + f", then a = {found['platt']['selector + both']['a']:.4f},"
        + f" b = {found['platt']['selector + both']['b']:.4f}",
        "RECORD": "\n".join(f"- {k}: {v}" for k, v in record.items()),
        "HELD": held_out(splits.groups),
    }.items():
        text = text.replace("{" + name + "}", value)
    (model / "DATA_CARD.md").write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, default=Path())
    options = parser.parse_args()
    main(options.folder, options.model)
