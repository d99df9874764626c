"""Tells what a document says from what its publisher says to the reader: appeals, links, notices.

By what such lines have in common and by no names of publishers. What is set aside can never be
evidence, so a line stays unless it can hardly be anything else.
"""

import re
from collections import Counter

from index.text import Span, paragraph_spans, sentence_spans, words

_MAX_WORDS = 90  # of a paragraph; appeals are shorter
_MAX_CHARS = 1000  # likewise, with links; also bounds the time that the expressions below take
_LABEL_WORDS = 25  # of "Related: …" and of lines of navigation
_CREDIT_WORDS = 8
_LONG_WORDS = 40  # of a sentence; appeals are shorter
_WRAPPED_CHARS = 120  # a text with longer lines than this is not wrapped
_SENTENCE_ENDS = (".", "!", "?", ".”", ".’", '."', ".'", "!”", "?”", ")")
# Points that make a sentence an appeal; one that stands twice in a document needs one less.
_APPEAL = 4

_PLATFORM = (
    r"(?:facebook|twitter|x|instagram|youtube|linkedin|whatsapp|telegram|tiktok|flipboard|reddit|"
    r"pinterest|snapchat|threads|mastodon|bluesky|itunes|spotify|stitcher|apple|google|android|"
    r"social media)"
)
_PIECE = r"(?:page|article|story|post|piece|item|content|link|video|episode|podcast)"
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|https?://\S+")
_MARKS = " \t\n*_>•·|»›→▶+-–—.!…:"
_EDITOR = re.compile(r"(?:editor.?s.? note|ed\. note|note to readers|p\.?s\.)\s*[:–—-]\s*", re.I)

# What is a line of navigation as a whole, without its marks and its closing punctuation.
_NAVIGATION = re.compile(
    rf"""(?:
    (?:(?:story|article|post)\ continues|continue\ reading|scroll|(?:please\ )?scroll\ down)?
        \ ?(?:below|after|to\ continue)?\ ?(?:this\ |the\ )?(?:advert(?:isements?|ising|s)?|ads?)
        (?:\ below|\ to\ continue)?
    | (?:story|article)\ continues(?:\ below)?
    | sponsored(?:\ (?:content|post|links?))? | promoted\ (?:content|stories|links?)
    | (?:skip|jump|back|return|go)\ to\ (?:the\ )?(?:main\ |top\ of\ )?
        (?:content|navigation|top|home(?:\ ?page)?|log\ ?in|article|page|results|search)
    | (?:toggle|hide|show|enlarge|open|close)\ (?:this\ )?(?:caption|image|navigation|menu|search)
    | \(?\d*\)?\ ?comments?(?:\ ?\(?\d*\)?)?
    | (?:leave|post|add|write|enter|submit)\ (?:a|your)\ (?:comment|reply|response)(?:\ here)?
    | loading(?:\ comments)?
    | (?:view|read|see|show|hide|load)\ (?:all\ |more\ |the\ )?(?:\d+\ )?comments?(?:\ \(?\d*\)?)?
    | (?:sorry,?\ )?(?:the\ )?comments\ (?:are|have\ been)\ (?:now\ |currently\ )?
        (?:closed|disabled|turned\ off)(?:\ (?:on|for|to)\ .{0, 40})?
    | join\ the\ (?:conversation|discussion|debate) | have\ your\ say(?:\ .{0, 40})?
    | (?:share|send|print|tweet|pin|save|bookmark|e-?mail|like|rate|copy)\ (?:this
        |the)(?:\ {_PIECE})
        (?:\ (?:to|with|via|on|by|using)\ .{{0,40}})?
    | share(?:\ this|\ now|\ it)? | share\ (?:on|via|by|to)\ (?:e-?mail|{_PLATFORM})\b.{{0,60}}
    | (?:share|print|e-?mail|tweet|pin|save|comments?|{_PLATFORM})(?:\W+(?:share|print|e-?mail
        |tweet|
        pin|save|comments?|{_PLATFORM})){{2,}}
    | (?:read|see|show|view|load|learn|discover|find\ out|know)\ more(?:\ (?:here|now|online
        |below))?
    | (?:read|view|see)\ (?:the\ |this\ )?(?:full|original|complete|entire|whole|rest\ of\ the)[ ]
        {_PIECE}(?:\ (?:here|online|below|on|at|in)\b.{{0,40}})?
    | (?:download|view|open|print|save|get)\ (?:as\ |the\ |this\ |a\ |our\ |full\ )*
        (?:pdf|printable|print\ version)(?:\ \w+){{0,4}}
    | download\ (?:the\ |this\ |our\ |full\ )+(?:report|issue|document|app|brief(?:ing)?|file|
        publication|paper|press\ release)(?:\ (?:here|now|as\ .{{0,20}}|\(.{{0,30}}\)?))?
    | (?:listen|watch)\ (?:to\ )?(?:this|the\ latest|our)\ (?:{_PIECE}|audio|recording|show|report)
        (?:\ .{{0,30}})?
    | watch\ (?:live\ tv|(?:it\ )?live|now|more|the\ (?:full\ )?(?:video|episode|trailer))
        (?:\ (?:here|below|now))?
    | (?:estimated\ )?(?:reading\ time|read\ time)\W+\d+\ ?min(?:ute)?s?
    | \d+[\ -]min(?:ute)?s?(?:\ (?:read|listen|watch))
    | (?:related|recommended|popular|trending|featured|latest|more|similar|top|most\ read
        |most\ viewed)
        \ (?:stories|story|articles?|posts?|news|content|links?|videos?|products?|topics?|reading)
    | (?:most\ (?:read|viewed|popular|commented|shared)|trending(?:\ now)?|recommended\ for\ you)
    | (?:you\ )?(?:might|may)\ (?:also\ )?(?:like|be\ interested\ in)|you'll\ also\ like
    | you\ also\ (?:might|may)\ like | (?:sorry,?\ )?no\ related\ posts
    | (?:previous|next)\ (?:article|story|post)
    | (?:subscribe|donate|sign\ up|sign\ in|log\ in|register|join)(?:\ (?:now|today|here|us|free|
        for\ free|for\ full\ access|to\ (?:continue|read\ more|continue\ reading|comment)))+
    | (?:already|not\ yet)\ (?:a|have\ an?)\ (?:subscriber|member|account|subscription)\b.{{0,60}}
    | (?:forgot|reset)\ (?:your\ )?password
    | support\ (?:our|independent|quality|non-?profit|fearless|public[ -]interest)[ ]
        (?:journalism|reporting|newsroom|work)(?:\ (?:today|now))?
    | (?:make|give)\ a\ (?:tax-deductible\ )?(?:donation|gift|contribution)(?:\ (?:today|now|here))?
    | follow\ us(?:\ .{{0,80}})? | (?:find|like|join|visit)\ us\ (?:on|at)\ {_PLATFORM}\b.{{0,80}}
    | (?:stay|keep|get)\ connected(?:\ with\ us)? | connect\ with\ us
    )""",
    re.X | re.I,
)
# Items of a menu: one of the first kind is a line of navigation, of the second only with others.
_ITEM = r"""(?:about\ us|contact\ us|advertise\ with\ us|work\ with\ us|privacy(?:\ (?:policy
        |notice))|
    cookies?\ (?:policy|settings|notice|preferences)|terms(?:\ (?:of|&|and)\ (?:use|service
        |conditions))+
    |site\ ?map|log\ ?in|sign\ ?in|sign\ ?up|sign\ ?out|log\ ?out|subscribe|my\ account|
    create\ (?:an\ )?account|do\ not\ sell\ my\ (?:personal\ )?(?:info(?:rmation)?|data))"""
_LESSER = r"""(?:home|search|menu|help|careers?|faqs?|newsletters?|donate|shop|rss|register|
    accessibility|podcasts?|contact|about)"""
_MENU = re.compile(
    rf"{_ITEM}|(?:(?:{_ITEM}|{_LESSER})\W*){{2,}}",
    re.X | re.I,
)
# A label that sends the reader to another piece, whose title follows.
_LABEL = re.compile(
    r"(?:(?:read|watch|listen|see)\s+(?:also|next|more)|also\s+(?:read|watch)|more\s+reading|"
    r"related(?:\s+(?:stor(?:y|ies)|articles?|reading|coverage|content|links?))?|up\s+next|"
    r"further\s+reading|read|don.?t\s+miss|(?:you\s+)?(?:might|may)\s+(?:also\s+)?like|"
    r"recommended\s+for\s+you|trending(?:\s+now)?|in\s+case\s+you\s+missed\s+it|"
    r"(?:next|previous)\s+(?:article|story|post)|tags|filed\s+under|"
    r"read\s+or\s+share\s+this\s+story)"
    r"\s*[:|»›>]\s*\S",
    re.I,
)
# A real sentence before such a notice keeps the paragraph.
_RIGHTS = re.compile(
    r"(?:©|copyright\b\s*(?:©|\(c\)|\d{4}))\W*\S|"
    r"(?:copyright\b.*|[^.!?]*)\ball rights reserved\s*(?:[.!©|]|\Z)|"
    r"[^.!?]*\bmay not be (?:reproduced|published|republished),? (?:published|broadcast|rewritten|"
    r"redistributed|without (?:the )?(?:prior |express )?(?:written )?permission)",
    re.I | re.S,
)
_CREDIT = re.compile(
    r"\(?(?:file\s+)?(?:photo(?:graph)?s?|images?|pictures?|featured\s+image|cover\s+image)"
    r"(?:\s+credits?)?\s*(?:(?:by|courtesy(?:\s+of)?)\s*:?|[:©/|])\s*(?P<names>.+?)\)?\Z"
    r"|\(?(?P<agency>[^.:;!?]+?\s*/\s*[^.:;!?]*\b(?:images|photos?|pictures))\)?\Z",
    re.I | re.S,
)
_LINKING = set("of the de la le du van von for and by via al el / & - – | ©".split())

# An appeal: how it opens, whom it addresses, and the words of the trade.
_OPENER = re.compile(
    r"(?:please\s+|to\s+|simply\s+|just\s+)?(?:(?P<trade>read|subscribe|sign\s+(?:up|in)|log\s+in|"
    r"click|tap|download|listen|donate|check\s+out|don.?t\s+miss|never\s+miss|unlock|it\s+pays\s+to)"
    # What recommendations open with too: "Share", "Join", "Support".
    r"|register|join|follow|like|share|watch|support|become|get|enter|e-?mail|send|view|visit|stay|"
    r"try|buy|order|upgrade|enjoy|discover|explore|receive|keep|give|want|looking|love|choose|"
    r"start|continue|help\s+us|for\s+more)\b",
    re.I,
)
_READER = re.compile(r"\b(?:you|your|yours|you.(?:re|ll|ve|d)|it\s+pays\s+to)\b", re.I)
_OWN = re.compile(
    r"\b(?:our|us|we|this\s+(?:web)?site|exclusively\s+(?:in|on|at|for|with))\b", re.I
)
_TRADE = re.compile(
    rf"""\b(?:(?P<strong>
      (?:e-?)?newsletters? | subscribers?(?:\+members?)? | subscriptions? | e-?mail\ updates
    | unlimited\ (?:digital\ )?access | (?:free|full|digital)\ access | inbox | cookies?
    | privacy\ (?:policy|notice) | terms\ (?:of|and|&)\ (?:use|service|conditions)
    | (?:news|e-?mail|breaking)\ alerts? | push\ notifications? | ad-free | paywall | free\ trial
    | follow\ us | (?:mobile|news|our|the|free)\ app | app\ store | click\ (?:here|below|on)
        | tap\ here
    | (?:latest|more|breaking|daily|top)\ (?:[\w-]+\ ){{0,3}}(?:news|stories|headlines|updates
        |analysis|
        coverage|insights?|recipes|tips) | on\ {_PLATFORM} | exclusively\ (?:in|on|at|for)
    | (?:independent|quality|our|free|non-?profit)\ (?:journalism|reporting|newsroom)
    | tax-deductible | up\ to\ date | special\ offers? | (?:our|this|latest)\ (?:podcast|episode)s?
    | become\ an?\ (?:[\w-]+\ )?(?:subscriber|supporter|patron|member\ (?:today|now|and|to))
    ) | (?P<weak>
      subscribe | sign(?:ing)?\ up | log(?:ging)?\ in | sign\ in | members?(?:hip)?
        | exclusive(?:ly)?
    | click | advert\w* | donat\w+ | share | free | e-?mail | podcasts? | episodes? | premium
        | offers?
    | journalism | account | password | browser | content | insights? | updates? | briefings?
    | website | articles? | stories | weekly | daily | comment(?:s|ing)? | enjoy | today | here
        | now
    | register | delivered | access | agree | accept | consent | experience | contribution | gift
    ))\b""",
    re.X | re.I,
)
# What is an appeal or a notice whatever else the sentence has.
_DECISIVE = re.compile(
    r"\bin(?:to)?\s+your\s+inbox\b|\A(?:please\s+)?(?:click|tap)\s+(?:here|below|on\s+the|this)\b|"
    r"\bby\s+(?:signing|clicking|continuing|using|creating|subscribing|entering|submitting|providing|"
    r"registering|logging)\b.{0,80}\b(?:you(?:.re)?|your)\s+(?:agree\w*|accept\w*|consent\w*|"
    r"acknowledge\w*|confirm\w*|opt\w*)\b|"
    r"(?:we|(?:this|our)\s+(?:web)?site)\s+(?:and\s+.{0,30})?uses?\s+(?:\w+\s+){0,4}cookies\b",
    re.I | re.S,
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
_NUMBERED = re.compile(r"\d{1,3}[.)]\s")
_LISTED = re.compile(r"[-*+•]\s+")
_HEADING = re.compile(r"#{1,6}\s")


def boilerplate_spans(text: str, start: int = 0) -> tuple[Span, ...]:
    r"""Return the spans of what is no part of a document: appeals to subscribe, links, notices.

    A span is a whole paragraph, or a whole line of one where the line break is none that wraps.
    Headings stay, and so does a paragraph that only ends in an appeal.

    >>> boilerplate_spans("Gao fell.\n\nSubscribe to our newsletter.\n\nTroops left.")
    ((11, 39),)
    """
    wrapped = all(len(line) <= _WRAPPED_CHARS for line in text[start:].splitlines())
    lines = [
        (start + s + a, start + s + b)
        for s, e in paragraph_spans(text[start:])
        for a, b in _lines(text[start + s : start + e], wrapped=wrapped)
    ]
    plain = [_plain(text[s:e]) if e - s <= _MAX_CHARS else "" for s, e in lines]
    times = Counter(line.casefold() for line in plain)
    return tuple(
        span
        for span, line in zip(lines, plain, strict=True)
        if _is_boilerplate(line, repeated=times[line.casefold()] > 1)
    )


def _lines(paragraph: str, *, wrapped: bool) -> list[Span]:
    """Return the spans of lines, those joined whose break only wraps them.

    A break wraps if the first word after it had no room before it; in a text whose lines are not
    wrapped, none does after the end of a sentence.
    """
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", paragraph)]
    width = max(e - s for s, e in lines)
    joined = lines[:1]
    for s, e in lines[1:]:
        before, after = paragraph[joined[-1][0] : joined[-1][1]], paragraph[s:e].lstrip()
        last = before.rsplit("\n", 1)[-1]
        room = len(last) + 1 + len(after.split(maxsplit=1)[0]) <= width
        ends = not wrapped and last.endswith(_SENTENCE_ENDS)
        if (room or ends) and not after[0].islower():
            joined.append((s + len(paragraph[s:e]) - len(after), e))
        else:
            joined[-1] = (joined[-1][0], e)
    return joined


def _plain(line: str) -> str:
    """Return a line as it reads: no link targets, no emphasis, no escapes, single spaces."""
    line = _LINK.sub(lambda m: m[1] or "", line)
    return " ".join(line.replace("**", "").replace("__", "").replace("’", "'").split())


def _is_boilerplate(line: str, *, repeated: bool) -> bool:
    listed = bool(_LISTED.match(line))
    bare = _EDITOR.sub("", _LISTED.sub("", line).strip(_MARKS + "[]"))
    count = len(words(bare))
    if not count or count > _MAX_WORDS or _HEADING.match(line) or _NUMBERED.match(line):
        return False
    if count <= _LABEL_WORDS and _is_label(bare, ended=line.rstrip().endswith(".")):
        return True
    if _RIGHTS.match(bare) and not _SAID.search(bare):
        return True
    if not _TRADE.search(bare):
        return False
    needed = _APPEAL - repeated
    appeals = appeal = leaning = neutral = 0  # the last three in words
    bare += line[-1] if line[-1] in "!?." else ""
    for s, e in sentence_spans(bare):
        sentence = bare[s:e]
        length = len(words(sentence))
        if _SAID.search(sentence) or _QUOTED.search(sentence):
            return False
        points, addressed = _points(sentence, listed=listed)
        if points >= needed and addressed:
            appeals += 1
            appeal += length
        elif points >= needed:
            appeal += length
        elif (addressed or _OPENER.match(sentence)) and not _FIGURES.search(sentence):
            leaning += length
        elif _FIGURES.search(sentence):
            return False
        else:
            neutral += length
    return (
        appeals > 0
        and leaning <= 2 * appeal
        and (neutral == 0 or (appeal > 3 * neutral and appeals > 1))
    )


def _is_label(bare: str, *, ended: bool) -> bool:
    if _NAVIGATION.fullmatch(bare) or _MENU.fullmatch(bare):
        return True
    if _LABEL.match(bare) and not ended:
        return True
    credit = _CREDIT.match(bare)
    if not credit:
        return False
    names = (credit["names"] or credit["agency"]).split()
    capitals = all(n in _LINKING or not n.lstrip("(/@©")[:1].islower() for n in names)
    return len(names) <= _CREDIT_WORDS and capitals


def _points(sentence: str, *, listed: bool) -> tuple[int, bool]:
    """Return how much of an appeal a sentence is, and whether it addresses the reader."""
    if _DECISIVE.search(sentence):
        return _APPEAL, True
    opener = _OPENER.match(sentence)
    reader, own = _READER.search(sentence), _OWN.search(sentence)
    trade = [*_TRADE.finditer(sentence)]
    strong = {m["strong"].casefold() for m in trade if m["strong"]}
    weak = {m["weak"].casefold() for m in trade if m["weak"]}
    if not opener:
        weak -= {"here", "now", "today"}
    label = bool(opener) and not listed and not sentence.endswith(".")
    points = bool(opener) + bool(reader) + bool(own) + label + 2 * len(strong) + min(len(weak), 2)
    points -= bool(_FIGURES.search(sentence)) + (len(words(sentence)) > _LONG_WORDS)
    fair = opener or own or len(strong) > 1
    if not fair or (not strong and not (opener and opener["trade"] and (own or reader))):
        points = min(points, _APPEAL - 2)
    addressed = reader or (opener and (opener["trade"] or own or label))
    return points, bool(addressed)
