"""Questions from the command line.

python -m qa "Who led the second coup?"      the answer with footnotes
python -m qa --json "Who led the second coup?"
python -m qa batch IN.jsonl OUT.jsonl        lines of {id, question, history, passages}
python -m qa check IN.jsonl OUT.jsonl        lines of {id, claim, evidence}, without a model
python -m qa evaluate FILE.jsonl             answers right, declined rightly, times
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from tqdm import tqdm

from index.settings import add_library_arguments, library_settings
from index.types import BriefError
from qa.batch import Line, answer_line, check_line, read_lines, writing
from qa.engine import Engine, add_model_arguments, local_model, open_engine
from qa.evaluation import judge, table
from qa.output import as_json, as_text
from qa.standalone import validate
from qa.weights import bar


def main() -> int:
    """Run one command and return the exit status: 0, or 1 where something failed."""
    try:
        command = sys.argv[1] if sys.argv[1:2] in (["batch"], ["check"], ["evaluate"]) else "ask"
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
    elif command in ("batch", "check"):
        parser.add_argument("input", metavar="IN.jsonl")
        parser.add_argument("output", metavar="OUT.jsonl")
    else:
        parser.add_argument("input", metavar="FILE.jsonl")
        parser.add_argument(
            "--out", metavar="OUT.jsonl", help="write the judged answers, one a line"
        )
    if command != "check":
        add_library_arguments(parser)
        add_model_arguments(parser)
    return parser


def _run(command: str, args: argparse.Namespace) -> int:
    if command == "check":
        return _each(read_lines(args.input, "claim"), check_line, args.output)
    settings = library_settings(args)
    # What is wrong with the input is said before anything slow.
    lines = [] if command == "ask" else read_lines(args.input)
    if command == "ask":
        validate(args.question)
    model = local_model(args)
    with bar() as draw, open_engine(settings, model, on_notice=_say) as engine:
        model.start(draw)
        engine.warm()  # while the model loads
        model.wait()
        return _COMMANDS[command](engine, args, lines)


def _ask(engine: Engine, args: argparse.Namespace, lines: list[Line]) -> int:
    answer = engine.answerer.invoke({"question": args.question})
    print(json.dumps(as_json(answer), ensure_ascii=False) if args.json else as_text(answer))
    return 0


def _batch(engine: Engine, args: argparse.Namespace, lines: list[Line]) -> int:
    return _each(lines, lambda line: answer_line(engine, line), args.output)


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


def _evaluate(engine: Engine, args: argparse.Namespace, lines: list[Line]) -> int:
    results = [judge(line, answer_line(engine, line)) for line in tqdm(lines, disable=None)]
    print(table(results))
    if args.out:
        with writing(args.out) as write:
            for result in results:
                write(result)
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


_COMMANDS = {"ask": _ask, "batch": _batch, "evaluate": _evaluate}


if __name__ == "__main__":
    sys.exit(main())
