"""Questions from the command line.

python -m qa "Who led the second coup?"      the answer with footnotes
python -m qa --json "Who led the second coup?"
python -m qa batch IN.jsonl OUT.jsonl        lines of {id, question, history, passages}
python -m qa check IN.jsonl OUT.jsonl        lines of {id, claim, evidence}, without a model
python -m qa evaluate FILE|SUITE             shares that are right, with intervals; times
python -m qa chat                            a conversation, with follow-ups
python -m qa mcp                             tools for other models, on standard in- and output
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from shutil import get_terminal_size

from tqdm import tqdm

from index.embedding import SentenceEmbedder
from index.settings import add_library_arguments, library_settings
from index.types import BriefError
from qa.batch import Line, answer_line, check_line, read_lines, writing
from qa.chat import Chat
from qa.choosing import add_model_arguments, chosen_model
from qa.clock import Clock
from qa.engine import Engine, open_engine
from qa.measurement import evaluate
from qa.output import as_json, as_text
from qa.profile import profile_table
from qa.standalone import validate
from qa.suites import SUITES
from qa.terminal import Screen, plain
from qa.weights import bar

_COMMANDS = [["batch"], ["check"], ["evaluate"], ["chat"], ["mcp"]]


def main() -> int:
    """Run one command and return the exit status: 0, or 1 where something failed."""
    try:
        command = sys.argv[1] if sys.argv[1:2] in _COMMANDS else "ask"
        args = _parser(command).parse_args(sys.argv[1 + (command != "ask") :])
        return _run(command, args)
    except BriefError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _parser(command: str) -> argparse.ArgumentParser:
    program = "python -m qa" if command == "ask" else f"python -m qa {command}"
    parser = argparse.ArgumentParser(
        prog=program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if command == "ask":
        parser.add_argument("question")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--profile", action="store_true", help="say on standard error where the time went"
        )
    elif command in ("batch", "check"):
        parser.add_argument("input", metavar="IN.jsonl")
        parser.add_argument("output", metavar="OUT.jsonl")
    elif command == "evaluate":
        _add_evaluation_arguments(parser)
    if command in ("ask", "batch"):
        parser.add_argument(
            "--document", metavar="ID", action="append", default=[],
            help="ask only this document, by id or file name; may be given again",
        )  # fmt: skip
        parser.add_argument("--since", metavar="DATE", default="", help="leave out older documents")
    if command != "check":
        add_library_arguments(parser)
        add_model_arguments(parser)
    return parser


def _add_evaluation_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input", metavar="FILE|SUITE", help=f"lines with what is right, or {', '.join(SUITES)}"
    )
    parser.add_argument("--limit", metavar="N", type=_count, help="a sample, balanced over classes")
    parser.add_argument(
        "--folder", metavar="EVAL_FOLDER", help="the data of the suites (or SAHEL_BRIEF_EVAL)"
    )
    parser.add_argument("--out", metavar="OUT.jsonl", help="write the judged lines")
    parser.add_argument("--json", metavar="SUMMARY.json", help="write the figures")
    parser.add_argument(
        "--plot", metavar="PLOT.png", help="draw precision against recall of answerability"
    )


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of lines, 1 or more")
    return int(text)


def _run(command: str, args: argparse.Namespace) -> int:
    # What is wrong with the input is said before anything slow.
    if command == "check":
        return _each(read_lines(args.input, "claim"), check_line, args.output)
    if command == "evaluate":
        return _evaluate(args)
    if command == "batch":
        lines = read_lines(args.input)
        with _engine(args) as engine:
            return _each(lines, lambda line: answer_line(engine, line), args.output)
    if command == "chat":
        return _chat(args)
    if command == "mcp":
        return _serve_tools(args)
    validate(args.question)
    clock = Clock()
    with _engine(args, clock) as engine:
        answer = engine.answerer.invoke({"question": args.question})
    if args.profile:
        _say(profile_table(clock, answer))
    print(json.dumps(as_json(answer), ensure_ascii=False) if args.json else plain(as_text(answer)))
    return 0


@contextmanager
def _engine(args: argparse.Namespace, clock: Clock | None = None) -> Iterator[Engine]:
    """Open the library and wait for the chat model, or for its failure."""
    clock = clock or Clock()
    settings, model = library_settings(args), chosen_model(args)
    documents, since = getattr(args, "document", []), getattr(args, "since", "")
    opened = open_engine(settings, model, documents=documents, since=since, on_notice=_say)
    with bar() as draw, ExitStack() as stack:
        with clock.stage("opening the library"):
            engine = stack.enter_context(opened)
        stack.callback(model.close)
        model.start(draw)
        with clock.stage("loading what selects evidence"):
            engine.warm()  # while the model loads
        with clock.stage("waiting for the model to load"):
            model.wait()
        yield engine


def _chat(args: argparse.Namespace) -> int:
    """Talk until the end of standard input; by quotation until the chat model is ready."""
    settings, model = library_settings(args), chosen_model(args)
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    colours = is_terminal and not os.environ.get("NO_COLOR")
    screen = Screen(sys.stdout, lambda: get_terminal_size().columns, colours=colours)
    types = sys.stdin.isatty()
    if types:
        with suppress(ImportError):  # Windows has none
            import readline  # noqa: F401 - from here on `input` can edit lines and knows the last

    def read() -> str:
        line = input("> " if types else "")
        if not types:  # so that one sees what was asked
            screen.say(f"> {line}")
        return line

    with open_engine(settings, model, on_notice=_say) as engine:
        model.start()
        engine.warm()
        if types:
            count = len(engine.library.documents())
            documents = "1 document" if count == 1 else f"{count} documents"
            screen.say(f"{documents}. Ask, or type /help.", dim=True)
        Chat(engine, screen).run(read)
    return 0


def _serve_tools(args: argparse.Namespace) -> int:
    """Serve tools until standard input ends; by quotation until the chat model is ready."""
    if not find_spec("mcp"):
        raise BriefError("mcp is not here. Install it: python -m pip install 'sahel-brief[mcp]'")
    from qa.stdio import serve

    settings, model = library_settings(args), chosen_model(args)

    @contextmanager
    def opening() -> Iterator[Engine]:
        with open_engine(settings, model, on_notice=_say) as engine:
            model.start()
            engine.warm()
            yield engine

    serve(opening)
    return 0


def _each(lines: Sequence[Line], result_of: Callable[[Line], Line], output: str) -> int:
    failed = 0
    with writing(output) as write:
        for line in tqdm(lines, unit=" lines", disable=None):
            result = result_of(line)
            failed += "error" in result
            write(result)
    if failed:
        _say(f"{failed} of {len(lines)} lines could not be used: see “error” in {output}")
    return 1 if failed else 0


def _evaluate(args: argparse.Namespace) -> int:
    folder = args.folder or os.environ.get("SAHEL_BRIEF_EVAL")
    embedder = SentenceEmbedder(library_settings(args).embedder)
    evaluate(
        args, Path(folder).expanduser() if folder else None, lambda: _engine(args), embedder, print
    )
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
