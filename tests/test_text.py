from index.text import fold, paragraph_spans, rarity, sentence_spans, stems, words


def pieces(text, spans):
    return [text[s:e] for s, e in spans]


def test_hard_wrapped_lines_are_one_paragraph():
    text = "One line\nwrapped.\n\nAnother."
    assert pieces(text, paragraph_spans(text)) == ["One line\nwrapped.", "Another."]


def test_long_lines_are_paragraphs_of_their_own():
    first, second = "A" * 130 + ".", "B" * 130 + "."
    text = f"{first}\n{second}"
    assert pieces(text, paragraph_spans(text)) == [first, second]


def test_list_items_are_paragraphs():
    text = "Two options:\n- more peacekeepers\n- cooperation"
    assert pieces(text, paragraph_spans(text)) == [
        "Two options:",
        "- more peacekeepers",
        "- cooperation",
    ]


def test_a_heading_does_not_run_into_the_text_below_it():
    text = "# Title\nText."
    assert pieces(text, paragraph_spans(text)) == ["# Title", "Text."]


def test_sentences_end_within_a_quotation():
    text = "“They go where they can. They stay.” He left."
    assert pieces(text, sentence_spans(text)) == [
        "“They go where they can.",
        "They stay.”",
        "He left.",
    ]


def test_an_attribution_stays_with_its_quotation():
    text = "“We stay!” he said. Nobody left."
    assert pieces(text, sentence_spans(text)) == ["“We stay!” he said.", "Nobody left."]


def test_abbreviations_do_not_end_a_sentence():
    text = "Lt. Col. Rudolph Atallah spoke of U.S. interests and the E.U. in 2023. He stopped."
    assert pieces(text, sentence_spans(text)) == [text[:-12], "He stopped."]


def test_accents_case_and_dots_of_initials_are_folded():
    assert fold("Goïta, U.S.") == "goita, us"
    assert words("Goïta’s U.S. trip") == ["goita", "s", "usa", "trip"]


def test_one_body_by_two_names_is_one_word_and_the_pronoun_another():
    assert (
        words("The US, U.S. and the United States of America") == "the usa usa and the usa".split()
    )
    assert (
        words("the United Nations told us, not the USSR") == "the un told us not the ussr".split()
    )


def test_stems_join_singular_and_plural():
    assert stems("killings killed") == ["kill", "kill"]


def test_rare_words_weigh_more():
    assert rarity("the") == 0.0
    assert rarity("army") < rarity("weather") < rarity("goita") == 1.0
