"""How long somebody waits who has done as much as they may, in words."""

from web.guard.rates import Wait

_WHY = {
    "questions": "You have asked as many questions as you may in a minute.",
    "requests": "You have sent as many requests as you may in a minute.",
    "bytes": "You have sent as much as you may in an hour.",
    "logins": "Too many attempts to sign in have failed.",
}


def wait_words(wait: Wait) -> str:
    """Return why somebody waits and for how long.

    >>> wait_words(Wait(40, "questions"))
    'You have asked as many questions as you may in a minute. Try again in 40 seconds.'
    """
    seconds = wait.seconds
    if seconds < 100:
        words = "1 second" if seconds == 1 else f"{seconds} seconds"
    elif seconds < 100 * 60:
        words = f"{-(-seconds // 60)} minutes"
    else:
        words = f"{-(-seconds // 3600)} hours"
    return f"{_WHY[wait.why]} Try again in {words}."
