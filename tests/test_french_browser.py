"""The page in French: nothing of its own is left in English, and nothing else is touched."""

import ast
import itertools
import json
import re

import pytest
from playwright.sync_api import expect

from index.access import changing
from index.reading import read_document
from tests.browser import ask, finished, opened, served
from tests.conftest import REPORT, ROOT, running
from tests.fakes import BagOfWords
from web.page import create_app

pytestmark = pytest.mark.browser

COUP = "Who led a second coup and took the title of transitional president?"
NOBODY = "Who is Macron?"
BOTH = json.loads((ROOT / "web" / "french.json").read_text("utf-8"))

# What documents and people say, where a text stands; and where the page's words are among it.
KEPT = """#viewer .block, #viewer .doc-title, .headings, .quote, .said, .card .removed li, .ask,
  #viewer .face mark, .user-row, .example, #conversations .name, .doc-name, .file, .aside li,
  #brief .answer, .question, #stage q, .formats, option, script, style"""
MIXED = """.card span.where, .hint .where, .source, #viewer .page, #viewer .doc-facts, .origin,
  #stage .where"""
COLLECT = """([kept, mixed]) => {
  const lines = [];
  const seen = (node) => (node.checkVisibility() || node.closest('.unseen'))
    && !node.closest('[data-testid=status-tracker]'); // of Gradio, for a moment
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { parentElement: parent, data } = walk.currentNode;
    if (!data.trim() || !seen(parent) || parent.closest(kept)) continue;
    lines.push([parent.closest(mixed) ? 'mixed' : 'text', data.trim()]);
  }
  for (const node of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
    if (!seen(node) || node.closest('.doc-title, #viewer .block, #library progress')) continue;
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
      const words = node.getAttribute(name);
      if (!words || (name === 'title' && node.matches('#conversations .name'))) continue;
      if (name === 'placeholder' && node.matches('#brief .title')) continue;
      lines.push(['text', words]);
    }
  }
  return lines;
}"""
NEUTRAL = re.compile(
    r"Sahel Brief|FR|EN|Afficher la page en français|Show the page in English|Word|PDF|Markdown"
    r"|JSON|2023-09|[a-z?/]|n / p|← → \+ −|A[−+]|\W+|\[?\d+\]?\.?|Conversations?|Documents|Question"
)
SLOTS = {
    "n": r"[\d\u202f,]+",
    "d": r"\d+(?:er)? \w+ \d{4}",
    "m": r"(?:\w+ )?\d{4}",
    "t": r"\d\d:\d\d",
}


def shaped(words):
    pieces = re.split(r"\{([nxwdmt])\d?\}", words)
    return "".join(SLOTS.get(p, ".+") if n % 2 else re.escape(p) for n, p in enumerate(pieces) if p)


FRENCH = re.compile("|".join(shaped(w) for w in BOTH["words"].values() if w != "{w}."), re.DOTALL)
ENGLISH = set(BOTH["words"]) - set(BOTH["words"].values())


def spoken(page):
    found = page.evaluate(COLLECT, [KEPT, MIXED])
    return [line for line in found if line[1] not in ("Loading", "Chargement")]  # Gradio's start


def is_french(words):
    if FRENCH.fullmatch(words) or NEUTRAL.fullmatch(words):
        return True
    for sign in (" · ", ", "):
        parts = [part for part in words.removesuffix(".").split(sign) if part]
        if len(parts) > 1:
            return all(map(is_french, parts))
    return False


def left(page):
    """Return what a French page says that is not French."""
    wrong = []
    for kind, raw in spoken(page):
        words = raw.replace("\xa0", " ").replace("\u202f", " ")
        if kind == "mixed":
            wrong += re.findall(r"as of .*|no as-of.*|paragraphs? \d.*", words)
        elif words in ENGLISH or not is_french(words):
            wrong.append(raw)
    return wrong


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    with changing(folder, BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
    with running(folder) as engine:
        app = create_app(lambda: engine, examples=[COUP], database=folder / "kept.sqlite3")
        with served(app) as url:
            yield url


def asked(page, *questions):
    for n, question in enumerate(questions):
        ask(page, question)
        finished(page, n)
        page.wait_for_function(
            "n => document.querySelectorAll('.card .acts').length > n", arg=n, timeout=20_000
        )


def test_everything_that_the_page_says_is_french(browser, url):
    page, wrong = opened(browser, url, locale="fr-FR")
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.get_attribute("#ask textarea", "placeholder") == "Votre question…"
    expect(page.locator("#top .as-of")).to_have_text("situation en septembre 2023 · 1 document")
    expect(page.locator("#top")).to_contain_text(
        "Jusque-là, les réponses sont des citations du rapport."
    )
    assert left(page) == []

    page.press("#ask textarea", "Enter")
    page.wait_for_selector("[data-testid=toast-text] >> text=Saisissez d’abord une question.")
    assert left(page) == []
    asked(page, COUP, NOBODY)
    meta = page.locator(".card .meta").first.inner_text()
    assert meta.startswith("vérifié d’après le rapport · confiance ")
    assert " · situation en septembre 2023 · 0," in meta
    declined = page.locator(".card .declined").inner_text()
    assert declined == "Le rapport ne le dit pas\xa0: il ne mentionne jamais Macron."
    page.wait_for_selector("#conversations .name")
    page.locator(".card .chip").first.click()
    page.wait_for_selector("#viewer mark.chosen")
    page.get_by_role("button", name="Sommaire").click()
    assert left(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Rechercher dans ce document (/)").click()
    page.fill("#viewer .find input", "Goita")
    page.wait_for_selector("#viewer .find .count >> text=sur")
    assert left(page) == []
    page.locator(".card .chip").first.hover()
    page.wait_for_selector("#citation-hint")
    assert left(page) == []
    page.get_by_role("button", name="Mauvaise réponse").first.click()
    page.wait_for_selector(".why")
    assert page.locator(".why option").first.inner_text() == "Elle ne répond pas à ma question"
    assert page.locator(".why select").input_value() == "It does not answer my question"
    assert left(page) == []
    page.get_by_role("button", name="Annuler").click()

    page.locator("#conversations summary").first.click()
    page.get_by_text("Supprimer", exact=True).click()
    page.wait_for_selector("#conversations .menu >> text=Supprimer pour de bon")
    assert left(page) == []
    page.keyboard.press("Escape")
    page.fill("#conversations input", "nothing has this")
    page.wait_for_selector("#conversations >> text=Aucune ne contient ces mots.")
    page.fill("#conversations input", "")

    for n in range(2):
        page.get_by_role("button", name="+ Note").nth(n).click()
        page.wait_for_selector(f"#brief-button >> text=Note ({n + 1})")
    expect(page.locator(".toast").first).to_have_text("Ajouté à la note.")
    page.click("#brief-button")
    page.wait_for_selector("#brief[open] .item >> nth=1")
    assert left(page) == []
    page.locator("#brief").get_by_text("Retirer").first.click()
    page.wait_for_selector("#brief .said >> text=a été retiré")
    assert left(page) == []
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Présenter").nth(1).click()
    page.wait_for_selector("#stage[open]")
    expect(page.locator("#stage .said").first).to_have_text(declined)
    assert left(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("#stage", state="hidden")
    page.click("#help-button")
    page.wait_for_selector("#help[open]")
    expect(page.locator("#help")).to_contain_text("Présenter la dernière réponse")
    assert left(page) == []
    page.keyboard.press("Escape")
    assert wrong == []


def test_the_library_is_french(browser, url, tmp_path):
    page, wrong = opened(browser, url, locale="fr-FR")
    page.click("#library-button")
    page.wait_for_selector("#library .doc")
    assert left(page) == []
    (tmp_path / "plain.md").write_text("The well of Kati gives water to two hundred houses.\n")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing of it")
    (tmp_path / "old.doc").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600)
    files = [tmp_path / name for name in ("plain.md", "bad.pdf", "old.doc")]
    page.set_input_files("#library input[type=file] >> nth=0", files)
    page.wait_for_function("document.querySelectorAll('#library .jobs .failed').length == 2")
    expect(page.locator("#library .jobs")).to_contain_text("bad.pdf est endommagé")
    expect(page.locator("#library .jobs")).to_contain_text("old.doc est d’un ancien format Office.")
    expect(page.locator("#library .tally")).to_have_text(
        "3 terminés\xa0: 1 ajouté, 2 n’ont pas pu être ajoutés"
    )
    assert left(page) == []
    page.locator("#library .doc").last.get_by_text("Modifier").click()
    page.fill("#library .doc input[placeholder^='2023, 2023-09 ou']", "tomorrow")
    page.keyboard.press("Enter")
    page.wait_for_selector("#library .problem >> text=tomorrow n’est pas une date.")
    assert left(page) == []
    page.get_by_role("button", name="Annuler").click()
    page.locator("#library .choose").first.uncheck()
    page.locator("#library .doc").last.get_by_text("Retirer").click()
    page.wait_for_selector("#library .said >> text=a été retiré")
    assert left(page) == []
    page.locator("#library .said").get_by_text("Annuler").click()
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 2")
    page.locator("#library .doc").last.get_by_text("Retirer").click()
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 1")
    page.keyboard.press("Escape")
    assert left(page) == []
    assert [w for w in wrong if "422" not in w] == []


def test_what_is_said_in_another_language_is_marked_as_that(browser, url):
    page, wrong = opened(browser, url, locale="fr-FR")
    asked(page, COUP, NOBODY)
    page.locator(".card .chip").first.click()
    page.wait_for_selector("#viewer mark.chosen")
    for said in (
        ".card .said > *",
        ".card .quote",
        "#viewer .text",
        ".card a.ask",
        "#conversations .name",
        "#viewer .doc-title",
        "#chat .user-row .message",
    ):
        page.wait_for_selector(said)
        page.wait_for_function("s => document.querySelector(s).lang === 'en'", arg=said)
    for own in (".card .meta", ".card .declined", "#top .as-of", "#viewer .doc-facts"):
        language = "(n) => n.closest('[lang]').lang"
        assert page.locator(own).first.evaluate(language) == "fr", own
    page.evaluate("sahelBrief.tell('The server is there again.')")
    assert page.evaluate("""["Qui a mené le coup d'État au Mali ?", 'Who led the coup d’état?',
      'انقلاب في مالي', 'MINUSMA', ''].map(sahelBrief.languageOf)""") == [
        "fr",
        "en",
        "ar",
        "en",
        "en",
    ]
    assert wrong == []


SAID = """() => [...document.querySelectorAll('.card .said, .card .quote, .chip, #viewer .block')]
  .map((n) => [n.textContent, n.title, n.getAttribute('href')])
  .concat([...document.querySelectorAll('.evidence a')].map((n) => [n.getAttribute('href')]))"""


def test_there_and_back_nothing_has_changed(browser, url):
    page, wrong = opened(browser, url, locale="en-GB")
    asked(page, COUP, NOBODY)
    page.wait_for_selector("#conversations .name")
    page.locator(".card .chip").first.click()
    page.wait_for_selector("#viewer mark")
    english, said = spoken(page), page.evaluate(SAID)
    page.click("#language-button")
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.inner_text("#language-button").strip() == "EN"
    assert left(page) == []
    assert page.evaluate(SAID) == [
        [words.replace("as of September 2023", "situation en septembre 2023"), *rest]
        for words, *rest in said
    ]
    page.click("#language-button")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.inner_text("#language-button").strip() == "FR"
    assert spoken(page) == english
    assert page.evaluate(SAID) == said
    page.click("#language-button")
    page.reload()
    page.wait_for_function("document.querySelectorAll('.card .acts').length == 2")
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert left(page) == []
    page.click("#language-button")
    page.reload()
    page.wait_for_selector(".card .said")
    assert page.get_attribute("#ask textarea", "placeholder") == "Ask the report …"
    assert [w for w in wrong if "AbortError" not in w and "errored out" not in w] == []


def test_an_answer_given_before_says_so_and_asked_again_it_is_given_anew(browser, url):
    page, wrong = opened(browser, url, locale="fr-FR")
    asked(page, NOBODY, NOBODY)
    again = page.locator(".card .meta").nth(1)
    assert re.fullmatch(r"réponse déjà donnée · \d+,\d\ss", again.inner_text())
    assert left(page) == []
    page.locator(".card").nth(1).get_by_text("Reposer").click()
    expect(again).not_to_contain_text("déjà")
    finished(page, 1)
    assert wrong == []


def test_what_is_newly_said_is_french_and_what_was_said_before_comes_back(browser, url):
    page, _ = opened(browser, url, locale="fr-CA")
    page.evaluate("sahelBrief.tell('The server is there again.')")
    expect(page.locator(".toast").first).to_have_text("Le serveur est de nouveau joignable.")
    page.click("#language-button")
    expect(page.locator(".toast").first).to_have_text("The server is there again.")
    page.evaluate("sahelBrief.tell('Taken back.')")
    expect(page.locator(".toast").first).to_have_text("Taken back.")
    page.click("#language-button")
    expect(page.locator(".toast").first).to_have_text("Avis retiré.")
    page.evaluate("sahelBrief.tell('Nobody has put this into French.')")
    expect(page.locator(".toast").first).to_have_text("Nobody has put this into French.")


def test_nothing_is_wider_than_a_telephone(browser, url):
    page, _ = opened(browser, url, locale="fr-FR", viewport={"width": 360, "height": 780})
    asked(page, COUP)
    page.get_by_role("button", name="+ Note").click()
    page.wait_for_selector("#brief-button >> text=Note (1)")
    tops = page.locator("#library-open button").evaluate_all(
        "all => all.map((n) => n.getBoundingClientRect()).map((b) => [b.top, b.left >= 0])"
    )
    assert len(tops) == 6
    assert len({top for top, _ in tops}) == 1
    assert all(inside for _, inside in tops)
    for name in ("past", "brief", "library", "help"):
        page.click(f"#{name}-button")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Escape")


def test_a_document_of_many_blocks_costs_little(browser, url):
    page, _ = opened(browser, url, locale="fr-FR")
    took_ms = page.evaluate("""async () => {
      const sheet = () => sahelBrief.element('section', 'sheet');
      const sheets = [];
      for (let n = 0; n < 20_000; n += 1) {
        const [kind, words] = n % 10 ? ['block', 'Stop'] : ['page', 'slide 7'];
        if (!(n % 10)) sheets.push(sheet());
        sheets.at(-1).append(sahelBrief.element('p', kind, words));
      }
      document.querySelector('#viewer .text').replaceChildren(...sheets);
      const begun = performance.now();
      await null; // what watches has its turn
      return performance.now() - begun;
    }""")
    assert page.locator("#viewer .block").last.text_content() == "Stop"
    assert page.locator("#viewer .page").last.text_content() == "diapositive 7"
    assert took_ms < 1500  # 60 on two quiet cores


# Names, keys and selectors in the scripts, and what is copied or logged in English.
SCRIPT = re.compile(r"//[^\n]*|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`")
NO_SENTENCES = {
    "Files", "Tab", "Word", "Markdown", "Sahel Brief", "actions change", "answer declined",
    "block aside", "drop change", "quiet empty", "quiet formats", "said declined", "saved quiet",
    "sheet paper", "sheet leaf",
    # Parts of sentences.
    "Go to {} ",
    "Move down", "Move up", "{} of {}, {}: ", "Still {}.", "Adding ${now.all === 1 ? '1 file' : ",
    "{} of {} done${now.failed ? ", "There are more than {} files and folders: those after ",
    "the first are left out. Add them folder by folder.",
    "{} {}. Open it in an e-book reader, save it as PDF and add that.",
}  # fmt: skip
SENTENCE = re.compile(r"[A-Z][a-z]+$|[A-Z+↑↓].*[a-z] \S|[a-z]+ [a-z{]+.*[a-z]|\{\} [a-z]+ ")


def said_by(script):
    """Return the sentences in a script, {} where something is put in."""
    joined = re.sub(r"'\s*\+ '", "", script)
    for found in SCRIPT.finditer(joined):
        words = re.sub(r"\$\{(?:[^{}`]|`[^`]*`)*\}", "{}", found[1] or found[2] or "")
        yield words.replace("\\'", "'")


# Modules of `qa` whose words the page shows.
_SAYING = ("connection", "local_model", "problems", "remote_model", "standalone", "weights")


def said_by_the_server(module):
    """Return what a module of Python raises or gives in words, {} where something is put in."""
    for node in ast.walk(ast.parse(module)):
        name = getattr(node, "func", None) if isinstance(node, ast.Call) else None
        name = getattr(name, "id", getattr(name, "attr", ""))
        if name not in ("BriefError", "HTTPException", "UnknownItem", "Full", "TooLarge", "problem",
                        "_wrong", "ModelStatus", "ModelProblem", "InUse"):  # fmt: skip
            continue
        for given in node.args:
            if isinstance(given, ast.JoinedStr):
                pieces = (p.value if isinstance(p, ast.Constant) else "{}" for p in given.values)
                yield "".join(map(str, pieces))
            elif isinstance(given, ast.Constant) and " " in str(given.value):
                yield given.value


def filled(words):
    """Return a sentence with figures, names or words of the page in its gaps."""
    gaps = words.count("{}")
    for values in itertools.product(
        ("7", "Gao", "Taken back.", "June 2023", "1 page", "a spreadsheet"), repeat=min(gaps, 3)
    ):
        whole = words
        for value in values:
            whole = whole.replace("{}", value, 1)
        yield whole.replace("{}", "Gao").strip()


def test_every_sentence_of_scripts_and_server_has_a_french_one(browser, url):
    page, _ = opened(browser, url, locale="fr-FR")
    found = set()
    for path in (ROOT / "web").glob("*.js"):
        if path.name not in ("french.js", "copying.js", "tongues.js"):
            found |= {w for w in said_by(path.read_text("utf-8")) if SENTENCE.match(w)}
    modules = [
        # What is said to programs, or in the terminal, is in English.
        *(p for p in (ROOT / "web").rglob("*.py") if not {"api", "database"} & {*p.parts}),
        *(ROOT / "index" / "formats").glob("*.py"),
        *(ROOT / "qa" / f"{name}.py" for name in _SAYING),
    ]
    for path in modules:
        found |= set(said_by_the_server(path.read_text("utf-8")))
    known = page.evaluate(
        "all => all.filter(([, tries]) => tries.some((w) => sahelBrief.inFrench(w) !== null))"
        ".map(([words]) => words)",
        [[words, list(filled(words))] for words in found],
    )
    assert len(known) > 150
    assert sorted(found - set(known) - NO_SENTENCES) == []
