"""Short lines of a page that are no text: buttons, menus, links to other pieces, credits.

By their words and their form, by no names of publishers. Lines come without marks and links.
"""

import re

from index.buttons import is_button

_PIECE = r"(?:page|article|story|post|piece|video|episode|podcast|analysis|report)"
# What needs its order of words, or names.
_LINE = re.compile(
    rf"""(?:
    home\s*(?:[»/>›|→]\s*\S.*)+
    | (?:list|slide|photo|image)\ \d+\ of\ \d+(?:\W.*)? | end\ of\ list
    | \d+[\ -]min(?:ute)?s?(?:\ (?:read|listen|watch))? | (?:[\w-]+\ )?read(?:ing)?\ time\W.{{0,20}}
    | (?:previous|next|prev|related|recommended|featured|similar|latest)\ {_PIECE}s?
    | about\ (?:the|this)\ (?:authors?|writer|podcast)
    | (?:explore|discover|browse|see|view|visit|read|check\ out|meet)\ our\ .{{1,50}}
    | (?:see|show|view|load|explore|discover|learn|find\ out|know)\ (?:more|all)(?:\ here|\ now)?
    | (?:skip|jump|back|return|go)\ to\ (?:the\ )?(?:main\ |top\ of\ )?
        (?:content|navigation|top|home(?:\ ?page)?|page|results)(?:\ button)?
    | follow\ @\w+ | (?:about|contact|support|join|call|find|hire|e-?mail|connect\ with)\ us
    | site\ ?map | (?:sign|log)\ ?(?:in|up|out)
    | join(?:\ (?:now|today|here|us|free))+
    | (?:sorry,?\ )?(?:the\ )?comments?\ (?:are|have\ been)\ .{{0,20}}(?:closed|disabled|off)\b
        .{{0,40}}
    | (?:find\ out|learn|read)\ more\ about\ (?:our|us|membership|subscri\w+|the\ author)\b.{{0,40}}
    | (?:more|most|latest|all)\ (?:on|about|from|by|in|posts|stories|articles)
        (?:\ (?:by|from|on|in))?\ .{{1,40}}
    | (?:view|see|read)\ all\ (?:posts|stories|articles)\ .{{1,40}}
    | (?:view|download|open|read|get|see)\ (?:as\ |the\ |this\ |a\ |our\ |full\ )*
        (?:pdf|printable|print\ version|(?:original|complete|entire|whole)\ {_PIECE}|report|issue|
        document|publication|paper|brief(?:ing)?|press\ release|app|file)(?:\ (?:here|now|online|on|
        for|at|as|in|\().{{0,40}})?
    | (?:listen|watch)\ (?:to\ )?(?:this|the\ latest|our|the\ full)\ (?:{_PIECE}|audio|recording
        |show)(?:\ .{{0,30}})?
    | support\ (?:our|independent|quality|non-?profit|fearless|public[ -]interest)[ ]
        (?:journalism|reporting|newsroom|work)(?:\ (?:today|now))?
    | (?:make|give)\ a\ (?:tax-deductible\ )?(?:donation|gift|contribution)(?:\ (?:today|now|here))?
    | (?:already|not\ yet|not)\ (?:a|an|have\ an?)\ (?:\w+\W)?
        (?:subscriber|member|account|subscription)\b.{{0,60}}
    | (?:tags?|topics?|categor(?:y|ies)|filed\ (?:under|in)|posted\ in)\s*:.*
    | (?:have\ your\ say|join\ the\ (?:conversation|discussion|debate))(?:\ .{{0,40}})?
    | (?:story|article|post)\ continues\b.{{0,40}} | editor'?s'?\ picks? | up\ next
    | (?:stay|keep|get|be)\ (?:connected|informed|up\ to\ date|updated|in\ touch|in\ the\ loop)
        (?:\ (?:with\ (?:our|us|the\ latest)|on\ the\ latest|via|by).{{0,60}})?
    | (?:suggest|report|request|submit)\ (?:a|an|this)\ (?:correction|error|typo|ad|problem|issue)
        (?:\ .{{0,30}})?
    | (?:order|buy|get|pre-?order)\ (?:your|a|the|our)\ (?:\w+\ )?
        (?:copy|book|print\ edition|tickets?)\b.{{0,40}}
    )""",
    re.X | re.I,
)
# Such a line has the titles of other pieces below it.
_LINKS = re.compile(
    r"(?:list of \d+ items?|(?:related|recommended|popular|trending|featured|latest|more|similar|"
    r"top|most)\s+(?:stor(?:y|ies)|articles?|posts?|news|content|links?|videos?|reading|coverage|"
    r"read|viewed|popular|shared|commented)|trending(?:\s+now)?|recommended\s+for\s+you|"
    r"(?:you\s+)?(?:might|may)\s+(?:also\s+)?(?:like|be\s+interested\s+in)|you.ll\s+also\s+like|"
    r"more\s+(?:on|from)\s+(?:this|the|our)\s+\w+|editor.?s.?\s+picks?|don.?t\s+miss)",
    re.I,
)
# A label that sends the reader to another piece, whose title follows.
_LABEL = re.compile(
    r"(?:(?:read|watch|listen|see)\s+(?:also|next|more)|also\s+(?:read|watch|see)|more\s+reading|"
    r"related(?:\s+(?:stor(?:y|ies)|articles?|reading|coverage|content|links?))?|up\s+next|"
    r"further\s+reading|read|(?-i:WATCH)|don.?t\s+miss|(?:you\s+)?(?:might|may)\s+(?:also\s+)?"
    r"(?:like|be\s+interested\s+in)|more\s+on\s+this(?:\s+\w+)?|"
    r"recommended(?:\s+(?:for\s+you|reading))?|trending(?:\s+now)?|in\s+case\s+you\s+missed\s+it|"
    r"(?:next|previous)\s+(?:article|story|post)|read\s+or\s+share\s+this\s+story)"
    r"\s*[:|»›>]\s*\S",
    re.I,
)
# What a button says, if no full stop ends it.
_BUTTON = re.compile(
    r"(?:subscribe|unsubscribe|sign\s+(?:up|in)|log\s?in|register|donate)\s+(?:to|for|now|here|today|"
    r"with|free|via|or|at)\b.{0,60}",
    re.I,
)
_ORIGIN = re.compile(
    r"this\s+(?:article|story|post|piece|commentary|essay)\s+appeared\s+(?:in|on)\b|"
    r"(?:this|the)\s+(?:article|story|post|piece|commentary|essay|report|interview)\s+(?:was\s+|has\s+"
    r"(?:also\s+)?(?:been\s+)?)?(?:originally|first|also|re-?)\s*(?:published|appeared|ran|posted)\b|"
    r"(?:originally\s+(?:published|posted)|re-?published|reprinted|re-?posted)\s+(?:by|in|on|at|with|"
    r"from|under)\b",
    re.I,
)
_RIGHTS = re.compile(
    r"(?:©|\(c\)\s*\d{4}|copyright\b\s*(?:©|\(c\)|\d{4}))\W*\S|"
    r"(?:copyright\b.*|[^.!?]*)\ball rights reserved\s*(?:[.!©|]|\Z)|"
    r"[^.!?]*\bmay not be (?:reproduced|published|republished),? (?:published|broadcast|rewritten|"
    r"redistributed|without (?:the )?(?:prior |express )?(?:written )?permission)",
    re.I | re.S,
)
_CREDIT = re.compile(
    r"\(?(?:file\s+)?(?:photo(?:graph)?s?|images?|pictures?|featured\s+image|cover\s+image)"
    r"(?:\s+credits?)?\s*(?:(?:by|courtesy(?:\s+of)?)\s*:?|[:©/|]\s*(?:courtesy\s+of)?)\s*(?P<names>.+?)\)?\Z"
    r"|(?:additional\s+)?(?:reporting|writing|editing|translated|compiled|produced)"
    r"(?:\s+and\s+(?:writing|editing|reporting))?\s+by\s+(?P<staff>.+)\Z"
    r"|\(?(?P<agency>[^.:;!?]+?(?:\s*/\s*|\s+via\s+)[^.:;!?]*\b(?:images|photos?|pictures))\)?\Z"
    r"|\(?(?P<wire>(?:AP|AFP|UN|Reuters)\s+Photos?\s*/[^.:;!?]+)\)?\Z",
    re.I | re.S,
)
_LINKING = set("of de la le du van von for and by via al el / & - – | ©".split())
_STAFF = {*_LINKING, "in", "editing", "writing", "reporting", "additional"}
_CREDIT_WORDS, _STAFF_WORDS = 8, 24


def is_navigation(line: str, *, ended: bool) -> bool:
    """Whether a line is a button, a menu, a label or a credit; `ended` where a full stop ends it.

    >>> [is_navigation(s, ended=False) for s in ("Follow us on X", "Photo: Ama Mensah", "Gao")]
    [True, True, False]
    """
    if _LINE.fullmatch(line) or heads_links(line) or _is_credit(line):
        return True
    if not ended and (_LABEL.match(line) or _BUTTON.fullmatch(line)):
        return True
    return is_button(line, ended=ended)


def heads_links(line: str) -> bool:
    """Whether the lines below are titles of other pieces, as below "Related stories"."""
    return bool(_LINKS.fullmatch(line.rstrip(": ")))


def is_origin(line: str) -> bool:
    """Whether a line says where a text was published first."""
    return bool(_ORIGIN.match(line))


def is_copyright(line: str) -> bool:
    """Whether a line says who holds the rights to a text."""
    return bool(_RIGHTS.match(line))


def _is_credit(line: str) -> bool:
    """Whether a line is one credit, or several, each in brackets."""
    return all(_names_maker(part) for part in re.split(r"\)\s*\(", line))


def _names_maker(line: str) -> bool:
    credit = _CREDIT.match(line)
    if not credit:
        return False
    staff = credit["staff"]
    linking, most = (_STAFF, _STAFF_WORDS) if staff else (_LINKING, _CREDIT_WORDS)
    names = (staff or credit["names"] or credit["agency"] or credit["wire"]).split()
    capitals = all(n.lower() in linking or not n.lstrip("(/@©")[:1].islower() for n in names)
    return len(names) <= most and capitals
