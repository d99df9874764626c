"""Sentences that speak to the reader about the publication itself: subscribe, join us, donate.

By what they have in common: an order or a question to the reader, "you" and "our", and the words
of the trade, while nobody else does or says anything in them.
"""

import re

from index.text import words

# Points that make a sentence an appeal; one that stands twice in a document needs one less. The
# weights were chosen by hand on lines of scraped articles until none of a report's went with them.
APPEAL = 4
_LONG_WORDS = 40  # of a sentence; appeals are shorter
_PLATFORM = (
    r"(?:facebook|twitter|x|instagram|youtube|linkedin|whatsapp|telegram|tiktok|flipboard|reddit|"
    r"pinterest|snapchat|threads|mastodon|bluesky|itunes|spotify|stitcher|apple|google|android|"
    r"social media)"
)
_PIECE = r"(?:article|story|post|piece|page|content|video|episode|commentary|essay|feature|report)"
OPENER = re.compile(
    r"(?:please\s+|to\s+|simply\s+|just\s+)?(?:(?P<trade>read|subscribe|sign\s+(?:up|in)|log\s+in|"
    r"click|tap|download|listen|donate|check\s+out|don.?t\s+miss|never\s+miss|unlock|"
    r"it\s+pays\s+to|turn\s+on|republish)"
    # What recommendations open with too: "Share", "Join", "Support".
    r"|register|join|follow|like|share|watch|support|become|get|enter|e-?mail|send|view|visit|stay|"
    r"try|buy|order|upgrade|enjoy|discover|explore|receive|keep|give|want|looking|love|choose|need|"
    r"start|continue|enjoying|spotted|help\s+us|for\s+(?:more|the\s+latest)|access|create|make|go|reserve|save|have|got|not|contact|"
    r"browse|manage|take|learn|find|sponsor|gift|pledge|are|do|did|interested|be)\b",
    re.I,
)
_READER = re.compile(r"\b(?:you|your|yours|you.(?:re|ll|ve|d)|it\s+pays\s+to)\b", re.I)
_OWN = re.compile(
    rf"\b(?:our|us|we|this\s+(?:(?:web)?site|{_PIECE})|exclusively\s+(?:in|on|at|for|with))\b", re.I
)
_ITSELF = re.compile(rf"\bthis\s+{_PIECE}\b", re.I)
_TRADE = re.compile(
    rf"""\b(?:(?P<strong>
      (?:e-?)?newsletters? | subscribers?(?:\+\ ?members?)? | subscriptions? | e-?mail\ updates
    | unlimited\ (?:digital\ )?access | (?:free|full|digital|exclusive)\ access | inbox | cookies?
    | privacy\ (?:policy|notice) | terms\ (?:of|and|&)\ (?:use|service|conditions)
    | (?:news|e-?mail|breaking)\ alerts? | (?:push|desktop)?\ ?notifications | ad-free | paywall
    | free\ (?:trial|articles?|account) | follow\ us | (?:mobile|news|our|the|free)\ app
    | app\ store
    | click\ (?:here|below|on) | tap\ here | webinars? | (?:your|limited)\ (?:seats?|spot|tickets?)
    | seats\ are\ limited | (?:our|these|live)\ events?
    | (?:latest|more|breaking|daily|top)\ (?:[\w-]+\ ){{0,3}}(?:news|stories|headlines|updates|
        analysis|coverage|insights?|recipes|tips) | on\ {_PLATFORM} | exclusively\ (?:in|on|at|for)
    | (?:independent|quality|our|free|non-?profit|fearless)\ (?:journalism|reporting|newsroom)
    | all\ rights\ reserved | tax-deductible | up\ to\ date | special\ offers?
    | podcasts? | (?:our|this|latest)\ episodes?
    | become\ an?\ (?:[\w-]+\ )?(?:subscriber|supporter|patron|member\ (?:today|now|and|to))
    | becoming\ an?\ (?:[\w-]+\W+)?(?:subscriber|supporter|member(?!\ (?:of|state)))
    ) | (?P<weak>
      subscribe | sign(?:ing)?\ up | log(?:ging)?\ in | sign\ in | members?(?:hip)?
    | exclusive(?:ly)?
    | click | advert\w* | donat\w+ | share | free | e-?mail | episodes? | premium | offers?
    | journalism | account | password | browser | content | insights? | updates? | briefings?
    | website | articles? | stories | weekly | daily | comment(?:s|ing)? | enjoy | today
    | here | now
    | register | delivered | access | agree | accept | consent | experience | contribution | gift
    | supporters | readers | reporting | newsroom | non-?profit | headlines | story | friends?
    ))\b""",
    re.X | re.I,
)
_ADDRESS = r"(?:[\w.+-]+@[\w-]+\.\w+|https?://\S+|www\.\S+|\bour\s+(?:web)?site\b)"
# What is an appeal or a notice whatever else the sentence has.
_DECISIVE = re.compile(
    rf"""\bin(?:to)?\s+your\s+(?:e-?mail\s+)?inbox\b | \b(?:click|tap)\s+(?:here|below)\b
    | \A(?:please\s+)?(?:click|tap)\s+(?:on\s+the|this)\b
    | \bby\s+(?:signing|clicking|continuing|using|creating|subscribing|entering|submitting|
      providing|registering|logging)\b.{{0,80}}\b(?:you(?:.re)?|your)\s+(?:agree\w*|accept\w*|consent\w*|
      acknowledge\w*|confirm\w*|opt\w*)\b
    | (?:we|(?:this|our)\s+(?:web)?site)\s+(?:and\s+.{{0,30}})?uses?\s+(?:\w+\s+){{0,4}}cookies\b
    | \bif\s+you\s+continue\s+(?:to\s+use|using|browsing)\b
    | \A(?:follow|like|find|join|connect\s+with)\b.{{0,60}}\bon\s+{_PLATFORM}\b
    | \b(?:he|she|they)\s+(?:tweets?|can\s+be\s+(?:found|reached|followed))\s+(?:at|on|by)\b
    | \A(?:please\s+)?join\s+us\s+(?:for|on|at|in|as|live|today|tomorrow|this)\b
    | \byou(?:.ve|\s+have)\s+(?:reached|read|used|\d+)\b.{{0,40}}\barticles?\b
    | \b(?:continue|keep)\s+reading\b | \bfor\s+(?:free\s+and\s+)?unlimited\s+access\b
    | \bthis\s+{_PIECE}\s+is\s+(?:\w+\s+){{0,4}}(?:for|to)\s+(?:\w+\s+)?(?:subscribers|members)\b
    | \b(?:subscribers?|members?)\s+(?:have|get|enjoy|receive|can)\s+(?:\w+\s+){{0,4}}exclusive\b
    | \b(?:content|{_PIECE})\b.{{0,30}}\b(?:exclusively|only)\b.{{0,12}}\b(?:subscribers|members)\Z
    | \bfrom\s+our\s+(?:sponsors?|partners)\b | \bunder\s+a\s+creative\s+commons\b
    | \b(?:enable|requires?|turn\s+on)\s+(?:\w+\s+)?javascript\b | \byour\s+browser\b
    | \bvideo\b.{{0,20}}\b(?:cannot|can.?not|can.t)\s+be\s+played\b
    | \bvideo\s+player\s+is\s+loading\b
    | \bin\s+the\s+comments?(?:\s+section)?\s*(?:below|section)
    | \bemail\s+address\s+will\s+not\s+be\b | \brequired\s+fields\s+are\s+marked\b
    | \A(?:thank\s+you|thanks)\s+for\s+(?:subscribing|signing|registering|reading|joining|your\s+
      (?:subscription|registration|support))\b
    | \bcheck\s+your\s+(?:e-?mail|inbox)\b | \bunsubscribe\b | \bconfirm\s+your\s+subscription\b
    | \b(?:views|opinions)\b.{{0,30}}\b(?:expressed|in\s+this)\b.{{0,80}}\b(?:author|authors|writer|
      contributor|their\s+own|(?:do|does)\s+not\s+(?:necessarily\s+)?(?:reflect|represent))\b
    | \b(?:we|our\s+\w+)\s+(?:rely|depend|is\s+funded|are\s+funded)\b.{{0,30}}\b(?:readers|your|
      donations|supporters\s+like)\b | \breaders\s+like\s+you\b
    | \bbecause\s+of\s+our\s+supporters\b
    | \bif\s+you\s+(?:value|enjoy(?:ed)?|like(?:d)?|appreciate)\s+(?:our|this|what)\b
    | \b(?:please\s+)?consider\s+(?:making|becoming|supporting|subscribing|a\s+donation|donating)\b
      (?=.*\b(?:us|our|donation|today|subscriber|member)\b)
    | \byour\s+(?:donation|support|contribution|subscription)\s+(?:helps?|makes?|allows?|enables?|
      will|keeps?)\b
    | \A(?:for\s+.{{0,40}},\s*)?(?:please\s+)?(?:contact|e-?mail|send|write|reach|visit|call|follow|
      see|go)\b.{{0,80}}{_ADDRESS} | \bwherever\s+you\s+(?:listen|get)\b
    | \A(?:never|don.t)\s+miss\s+(?:an?|the|our|out|another)\b | \blet\s+us\s+know\b
    | \b(?:get|save|reserve|book)\s+your\s+(?:seat|spot|place|ticket)s?\b
    | \bregister\s+(?:here|now)\b
    | \bjudged\s+by\s+our\b | \bthomson\s+reuters\s+trust\s+principles\b
    | \A(?:read|see|listen|watch|download|find|view|register|apply|buy|donate|subscribe|visit|check|
      sign)\b.{{0,80}}\bhere\W*\Z
    | \A\W*read\s+more\s+(?:about|on|from|in|at|here)\b
    | \A\W*read\s+more\b.{{0,60}}\b(?:news|insights?|analysis|perspectives?|stories|coverage)\b
    | \A(?:please\s+)?(?:subscribe|sign\s+up)\s+
      (?:to\s+(?:receive|get|our|read|this)|for\s+(?:our|the|a\s+free|free))\b
    | \A\W*(?:\w+\s+deeper:\s+)?read\s+(?:the\s+(?:full|whole|complete|original|entire)|
      \w+(?:\s+\w+)?'s)\s+(?:report|story|article|interview|coverage|analysis|piece|column|series|explainer)\b
    | \Aplease\s+(?:wait\s+while|log\s+in|register|subscribe|sign\s+(?:in|up)|whitelist|
      disable|refresh)\b
    | \Adownload\s+(?:the|our)\s+(?:\w+\s+){{0,4}}app\b | \bcontributed\s+to\s+this\s+{_PIECE}\b
    | \byour\s+video\b | \b(?:these|our)\s+ads\b | \bad\s+blocker\b | \bget\s+notified\b
    | \bfor\s+(?:less\s+than|(?:just\s+)?the\s+price\s+of)\b.{{0,30}}
      \b(?:coffee|a\s+(?:day|week|month))\b
    | \bmust\s+be\s+logged\s+in\b | \A(?:a\s+)?post\s+shared\s+by\b | \bunsupported\s+on\s+your\b
    | \bemail\s+us\b | \bget\s+in\s+touch\s+with\s+(?:us|our)\b | \bshare\s+(?:it|this)\s+with\s+
      (?:a|your)\s+(?:friend|network)s?\b | \bto\s+receive\b.{{0,60}}\bsubscribe\b
    """,
    re.I | re.S | re.X,
)
# What marks a sentence as part of a report: somebody says it, it is quoted, or it has figures.
_SAID = re.compile(
    r"\b(?:said|says?|told|tells|according\s+to|reported(?:ly)?|added|argu\w+|wrote|writes|warned|"
    r"urged|announced|accused|found\s+that|claimed|stated|explained|noted)\b",
    re.I,
)
_QUOTED = re.compile(r"[“\"«](?:[^\w”\"»]*\b\w+\b){4}|\A\W{0,2}[“\"«]")
_FIGURES = re.compile(
    r"\b\d[\d,.]*\b|\b(?:january|february|april|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|percent|per\s+cent)\b",
    re.I,
)


def may_appeal(text: str) -> bool:
    """Whether a text has a word of the trade at all, so that its sentences are worth a look."""
    return bool(_TRADE.search(text) or _DECISIVE.search(text))


def is_reported(sentence: str) -> bool:
    """Whether somebody says it or it is quoted, so that it is no appeal, whatever its words."""
    return bool(_SAID.search(sentence) or _QUOTED.search(sentence))


def has_figures(sentence: str) -> bool:
    """Whether it has figures or dates."""
    return bool(_FIGURES.search(sentence))


def appeal(sentence: str, *, listed: bool) -> tuple[int, bool]:
    """Return how much of an appeal a sentence is, in points, and whether it addresses the reader.

    `listed` where it is an item of a list, which needs no full stop.

    >>> appeal("Sign up for our newsletter.", listed=False)
    (6, True)
    """
    if _DECISIVE.search(sentence):
        return APPEAL + 2, True
    opener = OPENER.match(sentence)
    reader, own = _READER.search(sentence), _OWN.search(sentence)
    trade = [*_TRADE.finditer(sentence)]
    strong = {m["strong"].casefold() for m in trade if m["strong"]}
    weak = {m["weak"].casefold() for m in trade if m["weak"]}
    if not opener:
        weak -= {"here", "now", "today"}
    label = bool(opener) and not listed and not sentence.endswith(".")
    points = bool(opener) + bool(reader) + bool(own) + label + 2 * len(strong) + min(len(weak), 2)
    itself = bool(_ITSELF.search(sentence))
    points += itself and bool(strong)
    points -= has_figures(sentence) + (len(words(sentence)) > _LONG_WORDS)
    fair = opener or own or len(strong) > 1
    if not fair or (not strong and not (opener and opener["trade"] and (own or reader))):
        points = min(points, APPEAL - 2)
    orders = opener and (opener["trade"] or own or label or points > APPEAL)
    return points, bool(reader or (itself and strong) or orders)
