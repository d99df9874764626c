"""Questions made of a document's own sentences: of several shapes, and never bad English."""

import pytest

from qa.clauses import main_clause
from qa.proposing import Sentence, about, in_turn, proposals, sentences_of
from qa.topics import topics, with_the
from tests.conftest import REPORT

# What tells how names are written.
TEXT = """The army of Mali and the Wagner Group fought with rebels and militants in Gao. The UN
panel and Ann Lee saw it, and so did Colonel Bo Diallo, who met Ann Lee in France. Officials said
so: the officials left the schools in Kidal."""


def asked(sentence, speaker=""):
    made = proposals([Sentence(sentence, speaker)], f"{TEXT}\n{sentence}")
    return [p.question for p in made]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Officials in Gao ordered the UN to leave in June 2023, and it left.",
         "When did officials in Gao order the UN to leave?"),
        ("On 5 May 2013, Ann Lee then left Gao.", "When did Ann Lee leave Gao?"),
        ("The UN mission was established in Bamako in 2013.",
         "When was the UN mission established in Bamako?"),
        ("Militants attacked a base in Bamba on 6 April 2020.",
         "Who attacked a base in Bamba on 6 April 2020?"),
        ("At least 25 soldiers were killed in an attack on a base in Bamba, in the north.",
         "How many soldiers were killed in an attack on a base in Bamba?"),
        ("France deployed more than 4,000 troops to Mali in 2013.",
         "How many troops did France deploy to Mali in 2013?"),
        ("The schools in Kidal reopened in March 2020.", "What happened in Kidal in March 2020?"),
        ("The airport of Gao was shut because of fighting.", "Why was the airport of Gao shut?"),
        ("The force is led by Bo Diallo, a retired colonel.", "Who is Bo Diallo?"),
        ("Its leader, Iyad Ag Ghaly, fled.", "Who is Iyad Ag Ghaly?"),
        ("Human Rights Watch (HRW) has recorded killings.", "What does HRW stand for?"),
    ],
)  # fmt: skip
def test_a_question_is_made_of_a_plain_sentence(sentence, question):
    assert question in asked(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "He left Gao in June 2021.",  # who?
        "“We left Gao in June 2021,” she said.",
        "In 2012 and in June 2013, Ann Lee left Gao.",  # when?
        "Ann Lee said that in June 2021.",
        "Forces backed by France attacked it.",
        "In May 2013 the number of soldiers deployed to Chad had fallen to 1,000.",
        "Several of them were killed in Gao.",
        "In 2013 soldiers were rare in the north.",
        "The mission lasted for ten years in Mali.",  # no things to be counted
        "Was Ann Lee in Gao in June 2021?",
        "| Gao | 410 |",
        "",
    ],
)
def test_what_is_not_plain_makes_no_question(sentence):
    assert [q for q in asked(sentence) if not q.startswith("What happened")] == []


def test_what_somebody_says_is_asked_about_what_they_name_and_not_about_who_they_are():
    said = "Ann Lee, president of a firm in Colombia, says that Chinese activity in Yemen grows."
    assert [q for q in asked(said, "Ann Lee") if "Who" not in q] == [
        "What does Ann Lee say about Chinese activity?",
        "What does Ann Lee say about Yemen?",
    ]
    assert asked("Ann Lee worked in Yemen.", "Ann Lee") == []
    assert asked("The watchdog says so about Mali.", "The watchdog") == []
    assert asked("Officials warn of war in Mali.", "Officials") == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Fear of the Wagner Group in Mali.", ["the Wagner Group", "Mali"]),
        ("It is against Islamist forces, and for Islamist ends and refugees.",
         ["Islamist forces", "Islamist ends", "refugees"]),
        ("It names Malian.", []),
        ("Instability in Mali raises fear in the U.S., said al-Qaeda in the Islamic Maghreb.",
         ["Mali", "the U.S."]),
        ("It grew in March, by Goita’s will.", []),
    ],
)  # fmt: skip
def test_topics_are_names_and_themes_that_can_stand_alone(sentence, found):
    assert topics(sentence, TEXT) == found


def test_a_name_has_the_article_that_it_mostly_has():
    assert with_the("Wagner Group", "") == "the Wagner Group"
    assert with_the("Mali", "The army of Mali. The Mali war.") == "Mali"
    assert with_the("Gourma", "In the Gourma. Near the Gourma.") == "the Gourma"


def test_the_first_clause_of_a_sentence_is_found():
    clause = main_clause("On 5 May 2013, Ann Lee then led a second coup, which failed.")
    assert (clause.subject, clause.verb, clause.rest) == ("Ann Lee", "led", "a second coup")
    assert clause.dated == "on 5 May 2013"


def test_shapes_take_turns():
    said = sentences_of(
        "Ann Lee left Gao in June 2021. Bo Diallo left Kidal in May 2020. "
        "At least 9 soldiers were killed in Bamba."
    )
    text = "\n".join(s.text for s in said)
    turns = [(p.shape, p.nth) for p in in_turn(proposals(said, text), {"kidal"})]
    assert turns == [("when", 1), ("many", 2), ("when", 0)]


def test_the_bundled_report_gives_questions_of_many_shapes():
    text = REPORT.read_text("utf-8")
    said = sentences_of(text)
    found = proposals(said, text)
    assert {"view", "person", "when", "happened", "acronym"} <= {p.shape for p in found}
    for p in found:
        assert p.question.endswith("?") and "  " not in p.question
        assert len(p.question) <= 110
    plain = about(said, text)
    assert "What does the report say about peacekeepers?" in plain
    counted = sentences_of("A man in Mali saw Gao in June. " * 12)
    assert about(counted, "") == []  # that is what all of it is about
