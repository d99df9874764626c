import pytest

from qa.speakers import speakers


@pytest.mark.parametrize(
    ("sentences", "paragraphs", "who"),
    [
        (["The withdrawal hurts the economy, Ann Lee notes."], [0], ["Ann Lee"]),
        (["“It is bad,” said retired Air Force Lt. Col. Ann Lee."], [0], ["Ann Lee"]),
        (["Ann Lee, president of a firm in Rome, says that it is bad."], [0], ["Ann Lee"]),
        (["The port is open.", "Ann Lee is here."], [0, 1], ["", ""]),
        (["In its report, the UN panel said that it is bad."], [0], ["the UN panel"]),
        (["Ann Lee is a consultant.", "She warns that it is bad."], [0, 0], ["", "Ann Lee"]),
        (["It is bad, says Ann Lee.", "“It gets worse,” she added."], [0, 1], ["Ann Lee"] * 2),
        (["“It is bad.", "It gets worse,” said Ann Lee."], [0, 0], ["Ann Lee", "Ann Lee"]),
        (["He worked in Rome."], [0], [""]),
    ],
)
def test_speakers(sentences, paragraphs, who):
    assert speakers(sentences, paragraphs) == who


def test_a_surname_is_given_its_full_name():
    found = speakers(["Ann Lee arrived.", "It is bad, says Lee."], [0, 1])
    assert found == ["", "Ann Lee"]


def test_a_statement_with_a_few_quoted_words_is_not_the_last_speakers():
    sentences = ["Ann Lee told the Council that it is bad.", 'The State voiced "deep concern".']
    assert speakers(sentences, [0, 0]) == ["Ann Lee", ""]
