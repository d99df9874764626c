"""English verbs as far as questions need them: "led" is the past of "lead"."""

import re

from index.text import rarity

_PAST = dict(
    pair.split(":")
    for pair in (
        "began:begin became:become broke:break brought:bring built:build came:come chose:choose "
        "died:die drew:draw drove:drive fell:fall fled:flee flew:fly fought:fight found:find "
        "gave:give got:get grew:grow held:hold kept:keep laid:lay led:lead left:leave lost:lose "
        "made:make met:meet ousted:oust overthrew:overthrow paid:pay ran:run retook:retake "
        "rose:rise sent:send shot:shoot sought:seek spent:spend stood:stand stole:steal "
        "struck:strike took:take threw:throw undertook:undertake went:go withdrew:withdraw won:win"
    ).split()
)
_PARTICIPLES = frozenset(
    (
        "begun born broken brought built caught chosen cut driven drawn found given held hit kept "
        "laid led left lost made met overthrown paid put run sent set shot shut stolen struck "
        "taken thrown torn withdrawn won written"
    ).split()
)
# Regular to look at, and no verbs in the past.
_NO_VERB = frozenset("armed bed breed exceed feed hundred need proceed seed speed succeed".split())
_TRUE_DOUBLES = "lsfzd"


def base(past: str) -> str:
    """Return the base form of a verb in the past, "" for what is none.

    >>> [base(w) for w in ("led", "voted", "ordered", "planned", "killed", "carried", "need")]
    ['lead', 'vote', 'order', 'plan', 'kill', 'carry', '']
    """
    if past in _PAST:
        return _PAST[past]
    if not re.fullmatch(r"[a-z]{2,}ed", past) or past in _NO_VERB:
        return ""
    if past.endswith("ied"):
        return f"{past[:-3]}y"
    bare = past[:-2]
    forms = [f"{bare}e", *([bare] if len(bare) > 2 else [])]
    if bare[-1] == bare[-2] and bare[-1] not in _TRUE_DOUBLES:
        forms.append(bare[:-1])
    best = min(forms, key=rarity)  # "vote" is a common word, "vot" is none
    return best if rarity(best) < 1.0 else ""


def is_participle(word: str) -> bool:
    """Return whether "was" and the word are a passive: killed, taken."""
    return word in _PARTICIPLES or (bool(base(word)) and word not in _PAST)
