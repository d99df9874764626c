"""Ask the report's questions of the report alone, and of a library with a hundred documents.

    python -m benchmarks.among_many EVAL_FOLDER [--documents 100] [--related] [--json FILE]

The others are articles of the published data in EVAL_FOLDER (SQuAD 2.0 and SelQA), with `--related`
also those of `sahel-wikipedia`: they are about the same war and answer some of the questions, also
some that the report does not. Asked are the project's own, those of `tests/report-questions.jsonl`.
Twice five minutes on two idle cores, and three to build the library.
"""

import argparse
import ast
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from benchmarks.machine import ROOT, machine
from index.access import changing
from index.embedding import SentenceEmbedder
from index.library import DiskLibrary
from index.reading import parse_document, read_document
from index.types import Document
from qa.batch import answer_line, read_lines
from qa.choosing import add_model_arguments, local_model
from qa.engine import engine
from qa.evaluation import judge, sum_up_questions, table
from qa.local_model import LocalModel

Line = dict[str, Any]


def main() -> None:
    """Ask both, print their figures, and write them as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="EVAL_FOLDER")
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--related", action="store_true", help="also articles on the same war")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures and answers")
    add_model_arguments(parser)
    args = parser.parse_args()
    lines = read_lines(str(ROOT / "tests" / "report-questions.jsonl"))
    about: Line = machine()
    model = local_model(args)
    model.load()
    with TemporaryDirectory() as folder, changing(Path(folder), SentenceEmbedder()) as library:
        library.add(read_document(ROOT / "reports" / "sahel-security-report.md"), "report")
        about["alone"] = asked(library, model, lines)
        for document in tqdm(
            list(others(args.folder, related=args.related))[: args.documents - 1], unit=" documents"
        ):
            library.add(document, document.title)
        passages = library.store.count_passages()
        print(f"\n{len(library.documents())} documents, {passages} passages")
        about["among"] = asked(library, model, lines)
        about |= {"documents": len(library.documents()), "passages": passages}
    model.close()
    if args.json:
        args.json.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")


def asked(library: DiskLibrary, model: LocalModel, lines: list[Line]) -> Line:
    """Ask all lines of a library; print and return the figures, with the answers."""
    answering = engine(library, model)
    answering.warm()
    results = [judge(line, answer_line(answering, line)) for line in tqdm(lines, unit=" lines")]
    figures = sum_up_questions(results)
    print(table(figures))
    wrong = [result["id"] for result in results if not result["right"]]
    print(f"wrong: {' '.join(wrong)}", flush=True)
    return {"figures": [asdict(figure) for figure in figures], "results": results}


def others(folder: Path, *, related: bool) -> Iterator[Document]:
    """Yield articles of the published data, those about the same war first."""
    for path in sorted((folder / "sahel-wikipedia").glob("*.md")) if related else ():
        yield read_document(path)
    squad = json.loads((folder / "squad2" / "squad2-12-articles.json").read_text("utf-8"))
    for article in squad["data"]:
        text = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
        yield parse_document(text, name=article["title"], title=article["title"].replace("_", " "))
    sections: dict[str, list[str]] = {}
    for path in sorted((folder / "selqa").glob("*.json")):
        for item in json.loads(path.read_text("utf-8")):
            given = item["candidates"]
            text = " ".join(given if isinstance(given, list) else ast.literal_eval(given))
            sections.setdefault(item["article"], []).append(text)
    for title, of_article in sections.items():
        text = "\n\n".join(dict.fromkeys(of_article))
        yield parse_document(text, name=title, title=title)


if __name__ == "__main__":
    main()
