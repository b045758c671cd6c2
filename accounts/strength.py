"""How hard a password is to guess, in words: advice, on which nothing is refused.

The estimate is zxcvbn's. It looks at the first 72 characters only, and symbols that may stand for
letters are taken for what they are where a password has many of them, so that its time is bounded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_CHARACTERS = 72
SUBSTITUTES = "4@8({[<369&#!1/|0$5+7%2"
"""What zxcvbn tries to read as letters, in every combination of those that occur."""
MOST_SUBSTITUTES = 8
LABELS = (
    gettext_lazy("Very easy to guess"),
    gettext_lazy("Easy to guess"),
    gettext_lazy("Could be guessed"),
    gettext_lazy("Hard to guess"),
    gettext_lazy("Very hard to guess"),
)
REASONS = {
    "dictionary": gettext_lazy("Common words, names and passwords are tried first."),
    "spatial": gettext_lazy("Keys that lie side by side are tried early."),
    "repeat": gettext_lazy("Repeating characters or words adds little."),
    "sequence": gettext_lazy("Sequences such as “abc” or “6543” are tried early."),
    "regex": gettext_lazy("Years are tried early."),
    "date": gettext_lazy("Dates are tried early."),
}
# zxcvbn keeps the words of one call in a table that all threads read.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Judgement:
    """``score`` from 0, very easy to guess, to 4; what to say of it, and what would help."""

    score: int
    label: str
    advice: str


def judge(password: str, words: Iterable[str] = ()) -> Judgement:
    """What to tell a person who thinks of this password; ``words`` are what others know of them."""
    looked_at = password[:MOST_CHARACTERS]
    if len(set(looked_at) & set(SUBSTITUTES)) > MOST_SUBSTITUTES:
        looked_at = "".join("~" if c in SUBSTITUTES else c for c in looked_at)
    if not looked_at:
        return Judgement(0, str(LABELS[0]), _advice([]))
    # Not above: its lists of words take 11 MiB, which only a process holds that was asked.
    import zxcvbn
    from zxcvbn.matching import RANKED_DICTIONARIES

    known = [part for word in words for part in (word, *word.replace("@", " ").split()) if part]
    with _one_at_a_time:
        try:
            found = zxcvbn.zxcvbn(looked_at, known)
        finally:
            RANKED_DICTIONARIES.pop("user_inputs", None)
    score = int(found["score"])
    return Judgement(score, str(LABELS[score]), "" if score > 2 else _advice(found["sequence"]))


def _advice(sequence: list[dict[str, str]]) -> str:
    """Why it is guessed: what its longest part is, and what helps."""
    longest = max(sequence, key=lambda part: len(part["token"]), default=None)
    reason = REASONS.get(longest["pattern"]) if longest else None
    helps = _("Add a few words that don’t belong together.")
    return f"{reason} {helps}" if reason else helps
