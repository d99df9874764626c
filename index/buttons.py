"""Buttons and menus: lines of nothing but the words of a web site.

They have no name, no deed and no place in them, and so nothing that a report could state.
"""

from index.text import words

# A button has at least one of these, and the rest of it are small words.
_SITE = set(
    "share shares tweet retweet comment comments commenting reply subscribe subscribed ebooks "
    "subscriber subscribers subscribing subscription subscriptions unsubscribe newsletter "
    "newsletters login logout register follow facebook twitter instagram youtube linkedin "
    "whatsapp telegram tiktok reddit pinterest flipboard mastodon bluesky snapchat spotify "
    "email mail print pdf download advertisement advertisements advertise advertising advert "
    "sponsored promoted cookie cookies privacy terms sitemap accessibility faq faqs menu "
    "navigation search skip scroll pin caption loading load app apps podcast podcasts episode "
    "video videos audio player listen watch donate donation membership password account inbox "
    "notification notifications alerts rss javascript trending recommended homepage home "
    "bookmark feedback webinar careers toggle enlarge captions copy masthead sign log click tap "
    "report thank read keep stories article copyright swipe articles story post posts topics "
    "tags categories related newsroom reserved reading republish published min correction "
    "rights save".split()
)
# Those that a report uses as well: a longer line needs two of them.
_COMMON = set(
    "share shares follow reply report read keep thank story stories article articles post posts "
    "topics tags categories related reading register rights published search watch listen mail "
    "copy save load audio video videos account terms copyright correction min donation "
    "recommended alerts sign log".split()
)
# A line of one word; others may be the heading of a chapter.
_ALONE = set(
    "share tweet comment comments reply login menu search home print save donate subscribe "
    "topics tags categories watch listen email pdf advertisement loading close next previous "
    "register sponsored newsletter newsletters trending feedback podcasts videos".split()
)
_SMALL = set(
    "you your a an the this that these to of on in by via with for from at and or as it its is "
    "older newer "
    "are be been was were our us we my me all any more most less now here today below above "
    "after before not no yet new window opens open view see show hide also like liked may might "
    "will must can get give go got full free latest top popular news update updates daily "
    "weekly breaking stay informed up out back next previous continue continues continued first "
    "last main content page pages link links site website policy use service conditions notice "
    "settings preferences manage accept reject about contact jobs help shop store editor "
    "editors picks choice featured section sections category author authors version piece error "
    "issue time minute minutes mins hour hours ago seconds already have has enter required "
    "fields marked address submit send invalid valid confirm check please add write leave list "
    "items end found find did do does don t s what helpful interested who if when how join "
    "conversation discussion channel live tv edition later favorites friend friends another "
    "thoughts every day morning evening fill field viewed shared commented miss never closed "
    "disabled off turned allowed own opinion x google android ios play desktop mobile device "
    "supported team staff ad ads image great best paid premium learn explore discover turn "
    "enable browser exclusive access member members through start trial cancel anytime someone "
    "something media playback unsupported printer friendly larger smaller text font size".split()
)
_MAX_WORDS, _FEW_WORDS = 14, 4


def is_button(line: str, *, ended: bool) -> bool:
    """Whether a line says nothing but words of a web site; `ended` where a full stop ends it.

    >>> [is_button(s, ended=False) for s in ("Share via Email", "Follow the money", "Search")]
    [True, False, True]
    """
    found = words(line)
    if not found or len(found) > _MAX_WORDS:
        return False
    if len(found) == 1:
        return found[0] in _ALONE and not ended
    if not all(w in _SITE or w in _SMALL or w.isdigit() for w in found):
        return False
    site = {w for w in found if w in _SITE}
    firm, few = bool(site - _COMMON), len(found) <= _FEW_WORDS
    if ended:
        return firm and (len(site) > 1 or few)
    return firm or len(site) > 1 or (bool(site) and few)
