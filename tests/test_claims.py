"""Claims in anybody's words, against what they cite and against whole articles."""

import pytest

from qa.checking import Verdict
from qa.claims import check_claim

COUP = "Army Colonel Assimi Goita then led a second coup and took the title of president in 2021."
KILLED = "With more than three hundred peacekeepers killed, it is the deadliest UN mission."
ARTICLE = [
    "The Harrow lighthouse was lit in 1871 by Edda Falk, its first keeper.",
    "The council of Tarn paid for the tower with a tax on herring.",
    "It did not pay for the road.",
    "Forty boats were lost in the storm of 1902.",
    "Jonas Wren rebuilt the pier and the school for sailors.",
    "The ferry carries ninety people to Orrin.",
    "Visitors climb the tower in summer.",
    "The museum opened on 2018-11-10 in the old store.",
]


def test_a_claim_is_as_supported_as_its_weakest_sentence():
    evidence = [COUP, KILLED]
    assert check_claim("Assimi Goita led a second coup.", evidence).passed
    both = check_claim(
        "Assimi Goita led a second coup. Two hundred peacekeepers were killed.", evidence
    )
    assert both == Verdict(0.0, ("the figure 200 is not in the evidence",))


def test_a_claim_without_evidence_is_not_supported():
    assert check_claim("Assimi Goita led a coup.", []) == Verdict(0.0, ("there is no evidence",))
    assert check_claim("", [COUP]) == Verdict(0.0, ("the claim says nothing",))


def test_a_claim_may_condense_an_article_but_not_a_citation():
    claim = "The lighthouse of Harrow, paid for by the council, was first kept by Edda Falk."
    assert check_claim(claim, ARTICLE).passed
    assert not check_claim(claim, ARTICLE[:2]).passed


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("The lighthouse was lit in 1881.", "the figure 1881 is not in the evidence"),
        ("Mara Holt kept the lighthouse.", "Mara is not in the evidence"),
        ("In all, the ferry carries forty people.", "has the figure 40 about something else"),
        ("In all, they pay for the road.", "the evidence denies it"),
        ("The ferry never carries people to Orrin.", "the evidence has no negation"),
        ("At Harrow a school of whales was seen by bathers.", "the wording is not that"),
    ],
)
def test_what_an_article_does_not_say_is_not_supported(claim, reason):
    verdict = check_claim(claim, ARTICLE)
    assert not verdict.passed
    assert reason in "; ".join(verdict.reasons)


def test_a_date_is_the_same_in_figures_and_words():
    assert check_claim("The museum opened on November 10, 2018.", ARTICLE).passed
    assert not check_claim("The museum opened on November 11, 2018.", ARTICLE).passed


def test_what_only_two_sentences_together_look_like_is_not_there():
    article = [*ARTICLE, "The harbour was dredged in 15", "000 cranes stood idle at the harbour."]
    assert not check_claim("At the harbour 15,000 cranes stood idle.", article).passed
