"""Whose view is asked for, and that nobody else's is given."""

import pytest

from index.memory import MemoryLibrary
from index.reading import parse_document
from qa.evidence import Selector
from qa.selection import Featurizer
from qa.viewpoints import Viewpoint, viewpoint
from tests.fakes import BagOfWords, SharedWords

TEXT = """# The harbour

“The herring has gone,” said Jonas Wren of the guild. He fears that the boats will be sold.

The guild of Tarn, GOT for short, counts the boats. The watchdog says that none are left.

Mara Holt warns that the pier is rotten. The council has no money for it, she says.
"""


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does Jonas Wren say about the pier?", Viewpoint("Jonas Wren", "the pier")),
        ("What did HRW record in the north?", Viewpoint("HRW", "")),
        ("According to the UN panel, who pays?", Viewpoint("UN panel", "")),
        ("What should the town do, in Holt's view?", Viewpoint("Holt", "")),
        ("Why does de Melo fear it?", Viewpoint("de Melo", "")),
        ("Why did Goita break with Wagner?", None),
        ("Who said that the pier is rotten?", None),
    ],
)
def test_whose_view_is_asked_for(question, found):
    assert viewpoint(question) == found


def selected(question):
    library = MemoryLibrary([parse_document(TEXT, name="harbour.md")], BagOfWords().embed)
    selector = Selector(library, Featurizer(SharedWords()))
    return selector.select(question, library.search(question, 12))


def test_only_what_that_speaker_says_is_evidence():
    selection = selected("What does Mara Holt say about the pier?")
    assert selection.evidence
    assert all("Wren" not in e.text and "herring" not in e.text for e in selection.evidence)


@pytest.mark.parametrize(
    "question",
    ["What does Jonas Wren say about the pier?", "What does Orrin think about the boats?"],
)
def test_what_a_speaker_says_nothing_about_has_no_evidence(question):
    selection = selected(question)
    assert not selection.evidence
    assert selection.silent == viewpoint(question).speaker


def test_a_body_s_words_are_its_own_when_it_is_not_named_again():
    (evidence,) = selected("What does GOT say about the boats?").evidence
    assert "none are left" in evidence.text
