import pytest

from index.types import Passage
from qa.checking import carried_by, check
from qa.drafting import DraftChecker
from qa.figures import figures, name_known, names, tells_number
from qa.types import Answer, Evidence

COUP = (
    "Army Colonel Assimi Goita then led a second coup and took the title of transitional president "
    "in June 2021, in the face of wide international condemnation."
)
LEFT = (
    "More than one thousand peacekeepers have reportedly left already, and an uptick in fighting "
    "has led UN officials to speed up the departure."
)
KILLED = "With more than three hundred peacekeepers killed, it is the deadliest UN mission."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("more than three hundred of 15,000", {300, 15000}),
        ("twenty-three, 1.5 million, 2 bn", {23, 1_500_000, 2e9}),
        ("the fifteen-member Council in June 2021", {15, 2021}),
        ("no one, one of them", set()),
        ("two bases, half of them", {2, 0.5}),
        ("2018-11-10T04:57, the season of 2018–19", {10, 2018, 2019}),
    ],
)
def test_figures_are_read_in_digits_and_words(text, found):
    assert figures(text) == found


def test_a_first_word_is_a_name_only_if_more_than_its_place_says_so():
    assert [n for n, _ in names("Army chiefs met Assimi Goita. The UN left.")] == [
        "Assimi",
        "Goita",
        "UN",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Goïta", "Assimi Goita"),
        ("Malian", "the army of Mali"),
        ("US", "the United States"),
        ("U.S.", "the United States"),
        ("UN", "a United Nations report"),
        ("HRW", "Human Rights Watch"),
        ("Chinese", "influence of China"),
        ("November", "on 2018-11-10"),
        ("November", "Nov. 10"),
    ],
)
def test_names_are_known_by_other_spellings(name, text):
    assert name_known(name, text)


def test_a_name_that_is_not_there_is_not_known():
    assert not name_known("Macron", "Mali and Malian")
    assert not name_known("Nigeria", "Niger and its Nigerien army")
    assert not name_known("Niger", "the Nigerian government")


@pytest.mark.parametrize(
    "sentence",
    [
        "Assimi Goita led the second coup.",
        "Army Colonel Assimi Goïta took the title of transitional president in June 2021.",
    ],
)
def test_what_the_evidence_says_is_supported(sentence):
    assert check(sentence, COUP).passed


@pytest.mark.parametrize(
    ("sentence", "evidence", "reason"),
    [
        ("Three hundred peacekeepers left.", LEFT, "the figure 300 is not in the evidence"),
        ("Goita led the second coup in 2022.", COUP, "the figure 2022 is not in the evidence"),
        ("The coup was led by Keita.", COUP, "Keita is not in the evidence"),
        ("Goita did not lead the coup.", COUP, "the evidence has no negation"),
        ("Fewer peacekeepers left.", "More peacekeepers left.", "the opposite"),
        ("Bananas ripen in spring.", COUP, "the wording is not that of the evidence"),
        ("Emmanuel Goita governs.", "Emmanuel and Goita met.", "the wording is not that"),
        ("Yes.", COUP, "the wording is not that of the evidence"),
    ],
)
def test_what_the_evidence_does_not_say_is_caught_with_a_reason(sentence, evidence, reason):
    verdict = check(sentence, evidence)
    assert not verdict.passed
    assert any(reason in r for r in verdict.reasons)


def test_a_figure_from_another_sentence_is_not_taken_for_the_cited_one():
    _, verdict = carried_by(
        "More than three hundred peacekeepers have left.", [LEFT, KILLED], granted=["", ""]
    )
    assert not verdict.passed


def test_a_sentence_cites_the_one_piece_that_carries_it():
    chosen, verdict = carried_by(
        "More than three hundred peacekeepers were killed.", [COUP, LEFT, KILLED], granted=[""] * 3
    )
    assert (chosen, verdict.passed) == ((2,), True)


def test_a_sentence_of_two_facts_cites_both():
    chosen, verdict = carried_by(
        "Goita led a second coup and more than one thousand peacekeepers left.",
        [COUP, LEFT],
        granted=["", ""],
    )
    assert (chosen, verdict.passed) == ((0, 1), True)


def test_words_of_two_sentences_do_not_make_a_third():
    evidence = (
        "Wagner's influence is a further worry in Washington. The group's leader, Yevgeny "
        "Prigozhin, died in a plane crash."
    )
    said = "Yevgeny Prigozhin was the leader of Wagner's influence in Washington."
    assert not check(said, evidence).passed


def test_what_only_the_question_says_is_not_the_evidence_s():
    evidence = "Experts expect more violence in Mali and more spillover across the border."
    said = "The experts recommend more violence in Mali and more spillover across the border."
    assert check(said, evidence).passed
    assert not check(said, evidence, assumed=frozenset({"recommend"})).passed


def test_what_the_evidence_denies_is_not_supported():
    evidence = "It did not pay for the road, and without the mission the town loses its guards."
    assert not check("It did pay for the road.", evidence).passed
    assert check("The town loses its guards.", evidence).passed


def test_words_in_capitals_alone_are_no_names():
    assert names("WHO LED THE SECOND COUP IN MALI?") == []
    assert [name for name, _ in names("WHat did JNIM do?")] == ["JNIM"]


PASSAGE = (
    "Four hostages were taken in the park in May. Soldiers believed that the hostages were about "
    "to be handed to the Katiba Macina."
)


def drafted(question: str, draft: str) -> Answer:
    start = PASSAGE.index("Soldiers")
    passage = Passage("p", "d", 0, len(PASSAGE), PASSAGE, "")
    evidence = Evidence(passage, start, len(PASSAGE), PASSAGE[start:], 0.5, "")
    checker = DraftChecker(question, [evidence])
    return checker.finish(checker.follow(Answer(question, question), draft))


@pytest.mark.parametrize(
    ("question", "number", "status"),
    [
        ("To whom were the four hostages about to be handed?", "four", "supported"),
        ("To whom were the 4 hostages about to be handed?", "four", "supported"),
        # Neither what the question alone counts, nor what the passage alone does.
        ("To whom were the five hostages about to be handed?", "five", "removed"),
        ("To whom were the hostages about to be handed?", "four", "removed"),
        ("To whom did four soldiers hand the hostages?", "four", "removed"),
        # A number that is asked for is not taken from the question.
        ("How many of the four hostages were handed to the Katiba Macina?", "four", "removed"),
    ],
)
def test_a_figure_of_the_question_may_be_repeated_where_the_passage_counts_the_same(
    question: str, number: str, status: str
) -> None:
    answer = drafted(question, f"Soldiers believed the {number} hostages were to be handed to it.")
    assert answer.sentences[0].status == status


def test_a_light_verb_alone_is_not_carried_by_the_names_around_it():
    evidence = "They stayed neutral in the conflict between Ann Lee and Rome that began in April."
    verdict = check("Ann Lee took Rome in April.", evidence)
    assert verdict.reasons == ("“took” is not in the evidence",)
    assert check("Ann Lee took Rome in April.", "Ann Lee had taken Rome by April.").passed


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Six fell.", True),
        ("A few of them fell.", True),
        ("It cost 1,700,000 francs in 1987.", True),
        ("1900 soldiers were sent.", True),
        ("On 14 April 2020 the army left.", False),
        ("On May 3, 2023, the mines fell.", False),
        ("The siege lasted from 2003 to 2014.", False),
        ("**August 13** – **2017 Rome attack**", False),
    ],
)
def test_a_date_is_no_number_of_anything(text, tells):
    assert tells_number(text, but=set()) is tells


def test_a_number_that_the_question_names_is_not_told():
    assert not tells_number("The 15,000 peacekeepers left.", but={15000.0})
