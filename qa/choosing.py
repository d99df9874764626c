"""Which chat model words answers: the options and the environment, and what they choose.

Beside the `__main__` files the one module of `qa` that reads the environment. Imports nothing slow,
so that what is wrong with a choice is said at once.
"""

import argparse
import os
from pathlib import Path

from platformdirs import user_cache_path

from index.types import BriefError
from qa.chat_model import ChatModel
from qa.local_model import LocalModel
from qa.providers import is_provided, provided


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the chat model."""
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="1.5b (the default), 0.5b, the path of a GGUF file, or PROVIDER:NAME, such as "
        "ollama:NAME or openai:NAME, which sends questions and evidence to that provider (or "
        "SAHEL_BRIEF_MODEL)",
    )
    parser.add_argument(
        "--model-url",
        metavar="URL",
        help="where a model PROVIDER:NAME is asked, such as http://127.0.0.1:8000/v1 of an "
        "OpenAI-compatible server (or SAHEL_BRIEF_MODEL_URL)",
    )
    parser.add_argument(
        "--fallback-model",
        metavar="MODEL",
        help="what words answers while a PROVIDER:NAME does not: 1.5b, 0.5b, the path of a GGUF "
        "file, or none (the default), which quotes (or SAHEL_BRIEF_FALLBACK_MODEL)",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="fetch nothing and send nothing: use the weights that are here",
    )


def chosen_model(args: argparse.Namespace) -> ChatModel:
    """Return the chat model that options and environment choose, not started yet.

    Raises:
        BriefError: the choices do not go together, or the package of a provider is missing.
    """
    choice = args.model or os.environ.get("SAHEL_BRIEF_MODEL") or ""
    url = args.model_url or os.environ.get("SAHEL_BRIEF_MODEL_URL") or ""
    fallback = args.fallback_model or os.environ.get("SAHEL_BRIEF_FALLBACK_MODEL") or "none"
    if not is_provided(choice) and not url:
        if fallback != "none":
            raise BriefError(
                "--fallback-model is for a model elsewhere. Choose one with --model "
                "PROVIDER:NAME, or leave it out."
            )
        return local_model(args)
    if is_provided(fallback):
        raise BriefError(
            f"--fallback-model {fallback} is not on this machine. Give 1.5b, 0.5b or the path of "
            "a GGUF file."
        )
    chosen = provided(choice or "1.5b", url, offline=args.offline)
    from qa.remote_model import RemoteModel

    instead = None if fallback == "none" else _local(fallback, offline=args.offline)
    return RemoteModel(chosen, fallback=instead, offline=args.offline)


def local_model(args: argparse.Namespace) -> LocalModel:
    """Return the chat model of this machine that is chosen, not started yet."""
    choice = args.model or os.environ.get("SAHEL_BRIEF_MODEL") or "1.5b"
    return _local(choice, offline=args.offline)


def _local(choice: str, *, offline: bool) -> LocalModel:
    cache = os.environ.get("SAHEL_BRIEF_CACHE")
    folder = Path(cache).expanduser() if cache else user_cache_path("sahel-brief", appauthor=False)
    return LocalModel(str(Path(choice).expanduser()), folder, offline=offline)
