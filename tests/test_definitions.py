"""What an acronym stands for."""

import pytest

from qa.definitions import acronym_asked, spells_out


@pytest.mark.parametrize(
    ("question", "acronym"),
    [
        ("What is FAMA?", "FAMA"),
        ("what does fama mean", "FAMA"),
        ("What does ISIS-GS stand for?", "ISIS-GS"),
        ("What is FAMA doing in Mali?", ""),
        ("Who leads FAMA?", ""),
    ],
)
def test_an_acronym_is_asked_for(question, acronym):
    assert acronym_asked(question) == acronym


@pytest.mark.parametrize(
    ("sentence", "spelled"),
    [
        ("The Malian Armed Forces (FAMA) came.", True),
        ("FAMA (the Malian Armed Forces) came.", True),
        ("The Forces Armées Maliennes, known as FAMA, came.", True),
        ("The Forces Armées Maliennes, or FAMA, came.", True),
        ("FAMA came.", False),
        ("The army or militants of FAMA came.", False),
    ],
)
def test_a_sentence_spells_it_out(sentence, spelled):
    assert spells_out(sentence, "FAMA") is spelled
