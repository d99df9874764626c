import pytest

from index.memory import MemoryLibrary
from index.reading import parse_document
from index.types import BriefError
from qa.known_names import resolve_names
from qa.standalone import standalone, validate
from qa.types import Turn
from tests.fakes import BagOfWords


@pytest.mark.parametrize(
    ("earlier", "question", "resolved"),
    [
        ("Who is Royce de Melo?", "Where is he based?", "Where is Royce de Melo based?"),
        ("What is MINUSMA?", "When must it leave?", "When must MINUSMA leave?"),
        ("Who is Royce de Melo?", "What is his view?", "What is Royce de Melo’s view?"),
        ("Who led the coup in Mali?", "And in Niger?", "Who led the coup in Mali? And in Niger?"),
        ("Why did MINUSMA leave?", "Since when?", "Why did MINUSMA leave? Since when?"),
        ("What is MINUSMA?", "How many bases did peacekeepers leave?", None),
        ("What is MINUSMA?", "Who is Andrew Lewis?", None),
    ],
)
def test_follow_ups_are_filled_in(earlier, question, resolved):
    assert standalone(question, [Turn(earlier)]) == (resolved or question)


def test_a_name_in_the_answer_serves_where_the_question_has_none():
    turn = Turn("Who led the second one?", "It was led by Assimi Goita.")
    assert standalone("How old is he?", [turn]) == "How old is Assimi Goita?"


def test_without_history_nothing_changes():
    assert standalone("Where is he based?", []) == "Where is he based?"


@pytest.mark.parametrize("question", ["", " \n", "?!", "x" * 1001])
def test_what_is_no_question_is_an_error(question):
    with pytest.raises(BriefError):
        validate(question)


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("What did Emmanuel Macron say about Mali?", "Emmanuel Macron"),
        ("Is NATO involved?", "NATO"),
        ("Who is the UN Secretary-General?", "UN Secretary-General"),
        ("What does the U.S. fear?", ""),
        ("Who is the US ambassador to the United Nations?", ""),
        ("What did Americans lose?", ""),
        ("Who is Goïta?", ""),
        ("What does Human Rights Watch say?", ""),
        ("Which Malian president was forced out?", ""),
        ("Name the options.", ""),
    ],
)
def test_names_are_known_or_not(library, question, unknown):
    assert resolve_names(question, library).unknown == unknown


@pytest.mark.parametrize(
    ("question", "resolved"),
    [
        ("Who is Goyta?", "Who is Goita?"),
        ("What did Thomas-Grenfield say?", "What did Thomas-Greenfield say?"),
    ],
)
def test_a_typing_error_in_a_name_is_resolved(library, question, resolved):
    assert resolve_names(question, library).question == resolved


def test_a_few_paragraphs_need_not_name_their_own_topic():
    text = "The union was founded in 1992. It has a parliament."
    short = MemoryLibrary([parse_document(text, name="p", title="")], BagOfWords().embed)
    assert resolve_names("When was the European Union founded?", short).unknown == ""
