from pathlib import Path

import pytest

from index.boilerplate import boilerplate_spans
from index.memory import MemoryLibrary
from index.passages import split_passages
from index.reading import parse_document, read_document
from index.text import outside
from index.types import Hit
from qa.candidates import candidates
from tests.fakes import BagOfWords

DATA = Path(__file__).parent / "data"

ASIDE = [
    "Read more",
    "Read more: Three ministers resign in Lomé",
    "Subscribe to our newsletter.",
    "Subscribe now!",
    "Sign up for our weekly newsletter and get the best recipes in your inbox.",
    "Sign up here to receive our daily email updates on farming.",
    "Sign up for our garden newsletter. Explore the world of plants with news and more.",
    "By signing up, you agree to our terms of use.",
    "Subscribers enjoy unlimited access to our archive. It pays to be a subscriber.",
    "Become a member today and enjoy unlimited access to our content.",
    "Follow us on Facebook and Instagram",
    "Follow The Valley Gazette on Twitter and YouTube",
    "Like us on Facebook",
    "Share this article",
    "Send this story to a friend via email",
    "Advertisement",
    "Story continues below advertisement",
    "Related: Why the river is drying up",
    "RELATED STORIES",
    "Click here to download our app",
    "Please click here to see more of the pictures.",
    "We use cookies to improve your experience on this website.",
    "This site uses cookies. By continuing to browse, you accept our cookie policy.",
    "© 2021 Valley Gazette Media",
    "Copyright 2019 Example Press. All rights reserved.",
    "Editor's note: Subscribe to our science newsletter for more.",
    "Read The Glaciers That Feed a Continent exclusively in The Valley Gazette",
    "Photo: Ama Mensah / Wire Images",
    "(Photo by Jean Dupont)",
    "Download the PDF",
    "Listen to this story",
    "Comments (12)",
    "Leave a comment",
    "Sorry, comments are currently closed.",
    "Skip to main content",
    "Donate now",
    "Support independent journalism",
    "Privacy Policy | Terms of Use | Contact Us",
    "5 min read",
    "[Read more](https://example.org/more)",
    "**Sign up for our newsletter!**",
]
KEPT = [
    "Wagner subscribed to the same doctrine in Libya and Mali.",
    "Members of the Security Council have access to the report.",
    "ISGS and JNIM continue to subscribe to the extremist ideology of ISIS and al-Qaeda.",
    "Read the resolution closely, says the former envoy, and the mandate is empty.",
    "Follow the money.",
    "ECOWAS members have access to the fund.",
    "The government shares intelligence with its neighbours.",
    "The newsletter of the junta reached 12,000 subscribers in June.",
    "A newsletter for subscribers spread the rumour, and members shared it.",
    "The ministry's website sets cookies without consent.",
    "Advertising revenue of the national broadcaster fell by a third.",
    "Deploy additional peacekeepers.",
    "1. Share more news and analysis with ECOWAS members.",
    "- Support independent journalism in the border regions.",
    "Support local mediation.",
    "Sign up more contributing countries to the mission.",
    "Join the regional force and follow its rules of engagement.",
    "Donate equipment to the joint force of the five states.",
    "“Subscribe to our newsletter,” the recruiter told the boys in Gao.",
    '"Click here to join us" was all that the message on Telegram had.',
    "Users were told to click on a link that stole the password of their account.",
    "The company said that all rights reserved to the state remain with it.",
    "Mali's copyright law dates from 2008.",
    "Photo: French troops leave the base at Gossi on 19 April 2022.",
    "(C) Distribution of attacks by month and region.",
    "Editor's note: The number of dead was corrected from 12 to 21.",
    "Learn more from local actors before a new mandate is written.",
    "Watch: a coup in the capital within six months is likely.",
    "If you want access to the fund, you must share what you know with members.",
    "Related attacks killed nine soldiers near Ménaka.",
    "“Share this video”",
    "Moscow gained a base by becoming a patron of the junta.",
    "# Related articles",
    "The party offers free membership to those who register today.",
]


@pytest.mark.parametrize("line", ASIDE)
def test_what_a_publisher_says_to_its_readers_is_set_aside(line: str):
    text = f"Gao fell in June.\n\n{line}\n\nTroops left in July."
    start = text.index(line)
    assert boilerplate_spans(text) == ((start, start + len(line)),)


@pytest.mark.parametrize("line", KEPT)
def test_what_a_report_says_stays(line: str):
    assert boilerplate_spans(f"Gao fell in June.\n\n{line}\n\nTroops left in July.") == ()


def test_a_line_of_its_own_inside_a_paragraph_is_set_aside_without_its_neighbour():
    text = (
        "The abuses are the tip of the iceberg.\nRead more news and analysis in The Valley Gazette"
    )
    assert [text[s:e] for s, e in boilerplate_spans(text)] == [text[39:]]
    assert outside((0, len(text)), boilerplate_spans(text), text) == [(0, 38)]


def is_aside(line: str) -> bool:
    text = f"Gao fell in June.\n\n{line}\n\nTroops left in July."
    return any(e - s > len(line) / 2 for s, e in boilerplate_spans(text))


def test_nearly_all_that_publishers_write_is_set_aside_and_nothing_that_reports_write():
    appeals = (DATA / "appeals.txt").read_text().splitlines()
    kept = [line for line in appeals if not is_aside(line)]
    assert len(kept) <= 0.03 * len(appeals), kept
    assert [s for s in (DATA / "statements.txt").read_text().splitlines() if is_aside(s)] == []


@pytest.mark.parametrize(
    ("paragraph", "aside"),
    [
        (
            "The army left Kidal in May. Subscribe to our newsletter.",
            "Subscribe to our newsletter.",
        ),
        (
            "The army left Kidal in May. Enjoying this article? Sign up for our newsletter and the "
            "latest news in your inbox. On 3 June the rebels came back to the town.",
            "Enjoying this article? Sign up for our newsletter and the latest news in your inbox.",
        ),
        ("Ten soldiers died near Tessit. All rights reserved.", "All rights reserved."),
        ("Jane Roe is an analyst in Dakar. Follow her on Twitter.", "Follow her on Twitter."),
        ("The army left. “Subscribe to our newsletter,” the recruiter told the boys.", ""),
        ("Four armed groups share the town. You have to share what you know with members.", ""),
    ],
)
def test_an_appeal_between_sentences_is_set_aside_alone(paragraph: str, aside: str):
    spans = boilerplate_spans(paragraph)
    assert " ".join(paragraph[s:e] for s, e in spans) == aside
    passages = split_passages(parse_document(paragraph, name="a.txt"))
    assert not aside or all(aside not in p.text for p in passages)
    assert all(paragraph[p.start : p.end] == p.text for p in passages)


def test_titles_below_a_label_of_links_are_set_aside_until_the_text_goes_on():
    text = (
        "Gao fell.\n\nRelated stories\n\nRebels take Kidal\n\nWho leads the junta?\n\n"
        "Troops left in July.\n\nA line without a stop"
    )
    assert [text[s:e] for s, e in boilerplate_spans(text)] == [
        "Related stories",
        "Rebels take Kidal",
        "Who leads the junta?",
    ]


def test_rows_and_headings_are_never_set_aside():
    text = "| Share | Print |\n\n# Subscribe\n\n1. Sign up for our newsletter."
    assert boilerplate_spans(text) == ()


def test_a_wrapped_line_is_no_line_of_its_own():
    text = "They asked every man in the village of Dougouba to come and\nSubscribe to their cause."
    assert boilerplate_spans(text) == ()


def test_offsets_count_from_the_start_of_the_file():
    document = parse_document("---\ntitle: Mali\n---\nGao fell.\n\nRead more\n", name="mali.md")
    assert [document.text[s:e] for s, e in document.aside] == ["Read more"]


TEXT = """The army left Kidal.

Subscribe to our newsletter.

This left a void. It is filled by Wagner."""


def test_what_is_set_aside_is_in_no_passage():
    passages = split_passages(parse_document(TEXT, name="kidal.txt"))
    assert [(p.text, p.place) for p in passages] == [
        ("The army left Kidal.", "paragraph 1"),
        ("This left a void. It is filled by Wagner.", "paragraph 3"),
    ]


def test_what_is_set_aside_is_neither_a_candidate_nor_its_context():
    document = parse_document(TEXT, name="kidal.txt")
    library = MemoryLibrary([document], BagOfWords().embed)
    hits = [Hit(p, 1.0) for p in split_passages(document)]
    found = candidates(hits, library)
    assert [(c.text, c.context) for c in found] == [
        ("The army left Kidal.", ""),
        ("This left a void.", ""),
        ("It is filled by Wagner.", "This left a void."),
    ]


def test_the_published_article_loses_its_four_appeals_and_nothing_else(article: Path):
    document = read_document(article)
    openings = [document.text[s:e].split()[:2] for s, e in document.aside]
    assert openings == [
        ["It's", "not"],
        ["Read", "Africa's"],
        ["Cipher", "Brief"],
        ["Read", "more"],
    ]
