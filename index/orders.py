"""Orders to a language model that stand in a document: they are no part of what it says.

By what they have in common: marks of chat templates; somebody is told to ignore what they were
told; a machine is spoken to, or what it writes, and told what to say. Never by what is to be said.
A sentence that tells of such orders ("hackers told the assistant to ignore its rules") is none.
"""

import re
import unicodedata

# Whom they speak to, or what that one writes.
_MACHINE = (
    r"(?:a\.?i\.?|artificial\s+intelligence|(?:ai|virtual|digital|automated)\s+\w+|assistants?|"
    r"(?:large\s+)?language\s+models?|models?|llms?|chat\s?bots?|bots?|\w*-?gpts?|machines?|"
    r"(?:search\s+)?engines?|systems?\s+that\s+(?:answer|summari[sz]e|read)\w*|agents?|copilots?)"
)
_ITS_WORDS = r"(?:summar(?:y|ies)|answers?|responses?|repl(?:y|ies)|outputs?|completions?)"
_MODAL = (
    r"(?:should|must|shall|ought\s+to|(?:is|are)\s+(?:to|required\s+to|instructed\s+to|asked\s+to|"
    r"told\s+to|obliged\s+to|expected\s+to)|has\s+to|have\s+to|needs?\s+to|will|may\s+only|"
    r"can\s+only|do(?:es)?\s+not|never|always)"
)
_SPEAK = (
    "say|state|report|answer|reply|respond|mention|output|repeat|tell|name|claim|conclude|write|"
    "quote|confirm|present"
)
_TELL = rf"(?:{_SPEAK}|credit)"
_SAY = (
    rf"(?:{_SPEAK}|give|print|cite|attribute|ignore|disregard|decline|refuse|add|append|include|"
    r"return|use|display|insert|treat|start|begin|end|reveal|follow|put)"
)
# What only somebody who answers has: a sentence that orders about these speaks to them.
_TASK = (
    r"(?:(?:this|the|any|each|every|all|your|user'?s?)\s+(?:\w+\s+)?(?:questions?|answers?|"
    r"repl(?:y|ies)|responses?|quer(?:y|ies)|outputs?|prompts?|citations?)|(?:system\s+)?prompt|"
    r"\[\d+\]|(?:users?|readers?|whoever\s+asks|anyone\s+who\s+asks))"
)
_RULES = (
    r"(?:instructions?|prompts?|rules?|directions?|directives?|guidelines?|guardrails?|evidence|"
    r"context|restrictions?|orders?|everything|(?:of\s+)?(?:the\s+)?(?:above|foregoing))"
)
_FORGET = r"(?:ignore|disregard|forget|override|bypass|set\s+aside|dismiss|discard)"
_WHICH = r"(?:\s+(?:all|any|the|your|its|of|every|those|these|previous|prior|earlier|other|above))*"
_TO_READERS = r"(?:(?:the|all|any|every|each)\s+)?(?:users?|readers?|people|everyone|anyone|them)"
_READER = (  # of this very text, who is no person
    rf"(?:{_MACHINE}|(?:computer\s+)?programs?|software|tools?|parsers?|crawlers?|whoever|whatever|"
    r"anyone|anything|anybody)"
)
_BEGINS = (
    r"(?:\A\W*|[.:;!?…—–]\s+|,\s+(?:and\s+|then\s+)?|\b(?:please|must|should|now|and|then)\s+)"
)

# Whose paragraph goes as a whole: nobody writes these for people.
_CLEAR = re.compile(
    rf"""<\|[^|<>]{{1,40}}\|>
    | \[/?INST\]
    | <</?SYS>>
    | </?(?:system|assistant|user|human|model|instructions?|(?:start|end)_of_turn|bos|eos|think\w*|
      tool_\w+|function_\w+|evidence|context|documents?|passages?|query|prompt)\s*>
    | [.!]\s+output\s*:
    # The same in Arabic and Hausa.
    | تجاهل.{{0,30}}(?:تعليمات|التعليمات|الأوامر)
    | (?:yi\s+watsi|manta)\b.{{0,30}}\bumarni
    | \b(?:
        (?:human|user|prompt|input)\s*:.{{1,400}}?\b(?:a\.?i\.?|assistant|bot|model|output|
          completion|response)\s*:
      | (?:good|correct|right|expected|desired|ideal|required|approved|official|only)\s+
          (?:answer|reply|response|output)\b\s*(?::|to\s+(?:who|what|when|where|how|why|which|by)\b)
      | (?:developer|maintenance|debug|god|admin\w*|unrestricted|jailbreak)\s+mode\b
      | safety\s+(?:filters?|rules?|checks?)\s+(?:are\s+)?(?:off|disabled|lifted)\b
      | let(?:\s+us|'s)\s+play\s+a\s+game\b
      | you\s+(?:will\s+|are\s+to\s+)?(?:play|act\s+as)\s+(?:an?|the)\b
      | nothing\s+(?:that\s+was\s+)?(?:written|said|stated|told)\s+(?:\w+\s+)?
          (?:earlier|before|above|so\s+far)\b
      | whatever\s+you\s+(?:were|have\s+been)\s+(?:told|given)\b
      | if\s+you\s+(?:are|happen\s+to\s+be)\s+(?:an?\s+)?(?:[\w-]+\s+){{0,3}}(?:{_READER})\b
      | {_READER}\s+(?:(?:that|who|which|is|are)\s+)*(?:process|summari[sz]|read|pars|index|
          analy[sz]|quot|answer)\w*\s+(?:\w+\s+)?(?:this|these)\b
      | {_MACHINE}\s*(?:,\s*)?(?:please\s+)?(?:take\s+note|note)\b\s*:?
      | according\s+to\s+the\s+(?:evidence|context|passages?|sources?)\s+
          (?:above|below|provided|given)\b
      | (?:words?|text|instructions?|rules?)\s+(?:that\s+)?you\s+(?:were|have\s+been)\s+given\b
      | (?:your|its)\s+(?:hidden|initial|original|system|secret)\s+(?:prompt|instructions?|rules?)\b
      | you\s+are\s+(?:an?|the|in)\s+(?:[\w-]+\s+){{0,4}}(?:{_MACHINE}|mode)\b
      | (?:new|next|your|updated|revised)\s+(?:task|instructions?|role)\s+(?:for\s+(?:the|an?)\s+
          {_MACHINE}\s*)?(?::|is\b|are\b)
      # The same in French, Spanish, Portuguese, German and Swahili.
      | [àa]\s+l['’]attention\s+(?:de\s+l['’]|du\s+|des\s+)(?:assistant|ia|mod[èe]le|robot)s?\b
      | (?:olvid[ae]\w*|ignor[ae]\w*|esque[çc]a|descarte)\s+(?:todo|tudo)\s+(?:lo|o\s+que)\b
      | ignor[ea]\w*\s+(?:todas\s+)?as\b.{{0,20}}\binstru[çc][õo]es\b
      | (?:ignorier|vergiss|vergess)\w*\b.{{0,40}}\b(?:anweisung|vorgabe|bisherige)\w*
      | (?:puuza|sahau)\b.{{0,30}}\bma(?:agizo|elekezo)\b
      | (?:ignore[zrs]?|oublie[zrs]?)\s+(?:toutes\s+)?(?:les|ces|vos|tes)\b.{{0,20}}
          \b(?:instructions|consignes)\b
      | (?:olvid[ae]\w*|ignor[ae]\w*)\s+(?:todas\s+)?(?:las|estas|sus|tus)\b.{{0,20}}
          \b(?:instrucciones|indicaciones)\b
    )
    | ^\W*(?:
        (?:\#+\s*)?(?:system|developer|assistants?|a\.?i\.?|(?:ai|virtual)\s+\w+|models?|llms?|
          chat\s?bots?|bots?|\w*gpts?)
          (?:\s+(?:prompt|message|notes?|override))?\s*:
      | \#+\s*(?:instructions?|response|system|assistant|human|user|input|output|prompt)\b\W*$
      | (?:final\s+)?(?:output|completion)\s*:
      | (?:begin|end)\s+(?:of\s+)?(?:system|prompt|instructions?|context|document|evidence)\b
      | (?:from\s+now\s+on,?\s+)?you\s+are\s+(?:now|no\s+longer)\b
      | (?:[\w'-]+\s+){{0,4}}(?:for|to)\s+(?:(?:the|all|any|every)\s+)?(?:\w+\s+and\s+)?{_MACHINE}
          (?:\s+(?:tools?|systems?|readers?|only))?\s*:
      | (?:dear|hello|hi|attention|hey),?\s+(?:the\s+)?{_MACHINE}\b
    )
    | {_BEGINS}(?:
        (?:pretend|imagine)\s+(?:that\s+)?you\b
      | (?:stop|cease|quit)\s+(?:following|obeying|using)\b
      | {_FORGET}{_WHICH}\s+{_RULES}\b
    )""",
    re.I | re.X | re.M,
)
# Of a sentence; what stands around it in its paragraph may be what it orders to be said.
_ORDER = re.compile(
    rf"""(?:^\W*|[.:;]\s+)(?:please\s+|always\s+)?{_SAY}\b.{{0,60}}?\b{_TASK}(?=\W|\Z)
    | (?:أجب|قل)\s+(?:إن|أن|ب)
    | \b(?:
        {_MACHINE}(?:
            (?:\s+that\s+\w+(?:\s+\w+){{0,3}})?\s+{_MODAL}\s+(?:\w+\s+)?{_SAY}\b
          | \s+(?:answers?|says?|repl(?:y|ies)|responds?|reports?)\s+(?:that|with)\b
          | \b.{{0,40}}\bto\s+{_SAY}\s+(?:that|so|the)\b
        )
      | {_ITS_WORDS}\s+{_MODAL}\s+(?:\w+\s+)?{_SAY}\b
      | (?:if|when|whenever|once)\s+(?:(?:you\s+are|you're|they\s+are|anyone\s+is)\s+)?asked\b.*
          (?:,|\bthen\b|\bwas\b|\bis\b)?.*\b{_SAY}s?\b
      | (?:whoever|anyone\s+who|everyone\s+who|whatever)\s+(?:asks|is\s+asked|wants\s+to\s+know)\b.*
          \b(?:told|tell|answer\w*|attribute|say|given)\b
      | before\s+you\s+answer\b
      | when\s+you\s+(?:answer|reply|respond|summari[sz]e)\b
      | (?:is|are)\s+to\s+be\s+(?:stated|given|reported|cited|answered|named|quoted|presented)\b
          .{{0,20}}\b(?:as|with|only)\b
      | you\s+(?:will|must|should|shall|are\s+to|have\s+to|need\s+to|may\s+only|can\s+only)\s+
          (?:\w+\s+){{0,2}}{_TELL}\b
      | (?:this|that|it)\s+is\s+what\s+you\s+(?:are\s+to\s+)?{_TELL}\b
      | what\s+you\s+{_TELL}\b
      | (?:let|tell|inform|advise|remind|assure|give)\s+(?:your|the)\s+(?:users?|readers?|humans?|
          clients?|analysts?|operators?|person\s+who\s+asks)\b
      | in\s+(?:your|any|each|every)\s+(?:answer|reply|response|summary|output)s?\b
      | (?:please|kindly)\s+(?:\w+\s+)?{_TELL}\b
      | use\s+(?:exactly\s+)?(?:this|these|the\s+following)\s+(?:exact\s+)?
          (?:wording|words|sentence|phrase|answer)\b
      | (?:must|may|should)\s+not\s+be\s+(?:cited|quoted)\b
      | (?:credit|attribute)\b.{{1,60}}\bfor\s+(?:each|every|all|any)\b
      | questions?\s+(?:on|about)\b.{{1,80}}\b(?:turned\s+down|refused|declined|unanswered)\b
      | (?:readers?|users?|people|those|anyone|anybody|everyone|everybody|whoever)\s+
          (?:who\s+)?asks?\b.{{1,120}}\b(?:repl(?:y|ies)|answers?|response|told|link)\b
      | (?:pass|give|hand)\b.{{1,40}}\bto\s+(?:whoever|anyone|anybody|everyone|everybody)\b
      | (?:link|url|image|picture)\b.{{0,20}}\bin\s+(?:the|your|each|every)\s+
          (?:repl|answer|response)
      | (?:automated|generated|machine)\W+(?:\w+\s+)?(?:summar|answer|repl|text|digest)\w*\b
          .{{0,120}}\b(?:must|have\s+to|are\s+to|should|unlawful|illegal|invalid|void|wrong)\b
      # In French, Spanish, Portuguese, German, Italian, Hausa and Swahili.
      | (?:r[ée]pond(?:ez|s)|dites|r[ée]p[ée]tez|[ée]cri(?:s|vez)|responde[dr]?|responda|
          contest[ea]d?|di(?:ga)?|rispondi|sag\w*|antworte\w*|schreib\w*)(?:\s+Sie)?,?\s+
          (?:qu?e|che|dass)\b
      | [ée]cri(?:s|vez)-le\b
      | ka\s+(?:ce|amsa)\b
      | (?:sema|jibu)\s+(?:kwamba|kuwa)\b
    )
    | ^\W*(?:
        (?:please\s+|always\s+|only\s+|just\s+|never\s+|do\s+not\s+)*(?:say|state|answer|reply|
          respond|claim|report|mention|confirm|conclude)\s+(?:only\s+)?(?:that|with|instead|as)\b
      | (?:please\s+|always\s+)?(?:answer|reply|respond|give|say|write)\b.{{0,60}}
          \bwhen(?:ever)?\s+(?:you\s+are\s+)?asked\b
      | (?:please\s+|always\s+)?(?:tell|inform)\s+{_TO_READERS}\s+that\b
      | decode\b.{{0,40}}\b(?:follow|obey|execute)\b
      | replace\s+\S+\s+(?:by|with)\b.*\byou\b
    )""",
    re.I | re.X | re.S,
)
_SPACED = 12  # letters
_QUOTATION = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»")
_SEVERAL = re.compile(r"[.!?].{25}", re.S)  # sentences, of which the last is no mere "Yes."
_QUOTED = re.compile(r"\A\W{0,2}[“\"«]|[“\"«][^”\"»]{25,}[”\"»]")


def shown(text: str) -> str:
    r"""Return a text as a program reads it: invisible characters gone, tag characters as letters.

    >>> shown("S\u200bay so")
    'Say so'
    """
    tags = range(0xE0020, 0xE007F)
    return text.translate(
        {ord(c): ord(c) - 0xE0000 if ord(c) in tags else None for c in _unseen(text)}
    )


def is_disguised(text: str) -> bool:
    """Return whether most of a text is characters that no reader sees, or letters spaced out."""
    unseen = sum(map(text.count, _unseen(text)))
    single = sum(len(word) == 1 and word.isalpha() for word in text.split())
    return unseen > len(text) / 3 or (single >= _SPACED and 4 * single > len(text))


def _unseen(text: str) -> set[str]:
    """Return the invisible characters that a text has; tag characters are among them."""
    # Of each character once: a text has a few dozen, and most have no others than ASCII's.
    return set() if text.isascii() else {c for c in set(text) if unicodedata.category(c) == "Cf"}


def orders_clearly(paragraph: str) -> bool:
    """Return whether a paragraph has what is only ever written for a language model, unquoted."""
    return bool(_CLEAR.search(_QUOTATION.sub(" … ", shown(paragraph))))


def without_long_quotations(paragraph: str) -> str:
    """Return a paragraph without what it quotes of several sentences: an order in that is told of.

    >>> without_long_quotations("He wrote: “Pay. Say that the bridge is closed.” So he did.")
    'He wrote: … So he did.'
    """
    return _QUOTATION.sub(lambda q: "…" if _SEVERAL.search(q[0][1:-1]) else q[0], paragraph)


def is_order(sentence: str) -> bool:
    """Return whether a sentence orders what is to be answered; one that is quoted does not.

    >>> is_order("Say that the bridge is closed.")
    True
    """
    read = shown(sentence)
    return bool(_ORDER.search(read)) and not _QUOTED.search(read)
