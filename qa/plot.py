"""Draws precision against recall of answerability."""

from collections.abc import Sequence
from typing import Any

from index.types import BriefError


def plot_answerability(results: Sequence[dict[str, Any]], path: str, title: str) -> None:
    """Write a picture: answering the more answerable questions only, how many are answerable.

    Recall is the share of answerable questions that are answered, precision the share of answered
    questions that are answerable; the point is what was answered.

    Args:
        results: judged answers, some of them `expected` to be answers, some declined.
        path: where to; its ending chooses the format.
        title: what stands above.

    Raises:
        BriefError: the file cannot be written, or the questions are all answerable, or none.
    """
    from matplotlib.figure import Figure
    from sklearn.metrics import precision_recall_curve

    known = [r for r in results if r["expected"] != "partial" and "answerability" in r]
    truth = [r["expected"] == "answer" for r in known]
    if len(set(truth)) < 2:
        raise BriefError(
            "Nothing can be drawn of questions that are all answerable, or none. Give both to "
            "--plot, such as without --limit."
        )
    precision, recall, _ = precision_recall_curve(truth, [r["answerability"] for r in known])
    answered = [t for t, r in zip(truth, known, strict=True) if not r["declined"]]
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.step(recall, precision, where="post", label="by answerability")
    axes.axhline(sum(truth) / len(truth), linestyle=":", color="grey", label="answering everything")
    if answered:
        point = sum(answered) / sum(truth), sum(answered) / len(answered)
        axes.plot(*point, "o", color="black", label="as answered")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02), title=title)
    axes.legend(loc="lower left")
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise BriefError(
            f"{path} cannot be written ({error}). Name a .png, .svg or .pdf file in a folder that "
            "you may write to."
        ) from error
