"""How hard a password is to guess, in words; what is easy is refused where one is chosen.

The estimate is zxcvbn's, of the password, of what is repeated in it, and of what is left without
the words that others know of the person and of the site: the easiest counts. Of a long password 72
characters are looked at, and where many symbols may stand for letters it is judged in parts, so
that the time is bounded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ostiary import branding
from ostiary.conf import ostiary_settings

WEAK = 2
"""A score below is refused: fewer than a million guesses, which a stolen table of hashes costs
nobody more than a moment (NIST SP 800-63B-4 §3.1.1.2 has such values on a list)."""
MOST_CHARACTERS = 72
OF_PERSON = ("email", "username", "name", "given_name", "family_name", "nickname")
"""What others may know of a person, on whatever user model."""
SUBSTITUTES = "4@8({[<369&#!1/|0$5+7%2"
"""What zxcvbn tries to read as letters, in every combination of those that occur."""
MOST_SUBSTITUTES = 8
LETTERS = str.maketrans(dict(zip("@48369!1|0$5+72", "aabeggiiiossttz", strict=True)))
"""What each of those most often stands for."""
MOST_OF_A_WORD = 200
MOST_WORDS = 20
LEAST_OF_A_WORD = 4
"""A shorter one may stand in any word."""
SHORTEST_REPEATED = 8
"""What is repeated has to be a password by itself."""
LABELS = (
    gettext_lazy("Very easy to guess"),
    gettext_lazy("Easy to guess"),
    gettext_lazy("Could be guessed"),
    gettext_lazy("Hard to guess"),
    gettext_lazy("Very hard to guess"),
)
REASONS = {
    "dictionary": gettext_lazy("Avoid common words, names and passwords."),
    "spatial": gettext_lazy("Avoid keyboard patterns."),
    "repeat": gettext_lazy("Avoid repeated characters and words."),
    "sequence": gettext_lazy("Avoid sequences such as “abc” or “6543”."),
    "regex": gettext_lazy("Avoid years."),
    "date": gettext_lazy("Avoid dates."),
    "own words": gettext_lazy("Avoid your name, your email address and the name of this site."),
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
    known = list(_parts([*words, *_words_of_site()]))
    judged = _judge(password, known)
    for text, reason in _simpler(password, known):
        simpler = _judge(text, known)
        if simpler.score < min(judged.score, WEAK):
            judged = replace(simpler, advice=f"{REASONS[reason]} {_what_helps()}")
    return judged


def words_of(user: Any) -> list[str]:
    """What others may know of the person."""
    names = dict.fromkeys((*OF_PERSON, user.get_email_field_name(), user.USERNAME_FIELD))
    found = (getattr(user, name, "") for name in names)
    return [word for word in found if isinstance(word, str) and word]


class WeakPasswordValidator:
    """For ``AUTH_PASSWORD_VALIDATORS``: refuses what is easy to guess, and says why and what helps.
    It asks nobody, and so holds where no list of stolen passwords is at hand."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ``ValidationError``."""
        judged = judge(password, words_of(user) if user is not None else ())
        if judged.score < WEAK:
            raise ValidationError(
                _("This password is easy to guess. %(advice)s") % {"advice": judged.advice},
                code="password_easy_to_guess",
            )

    def get_help_text(self) -> str:
        """What Django's admin shows beside the field."""
        return _("Your password can’t be easy to guess.")


def _words_of_site() -> list[str]:
    host = urlsplit(ostiary_settings.ISSUER_URL).hostname or ""
    return [branding.site_name(), host, *host.split(".")]


def _parts(words: Iterable[str]) -> Iterator[str]:
    """Each word, and what it is made of: names run together are no better than apart."""
    for word in list(words)[:MOST_WORDS]:
        told = word[:MOST_OF_A_WORD].casefold()
        pieces = [piece for piece in re.split(r"[\W_]+", told) if piece]
        yield from dict.fromkeys((told, "".join(pieces), *pieces))


def _simpler(password: str, known: list[str]) -> Iterator[tuple[str, str]]:
    """What the password comes to for who knows the person, or sees that it repeats itself, each
    with the reason."""
    for text in dict.fromkeys((password.casefold(), password.casefold().translate(LETTERS))):
        left = text
        for word in sorted(known, key=len, reverse=True):
            if len(word) >= LEAST_OF_A_WORD:
                left = left.replace(word, "")
        if left != text:
            yield left, "own words"
    run = re.sub(r"[\W_]+", "", password.casefold()) or password
    period = (run + run).find(run, 1)
    if period < len(run):
        # However hard one of them is, it is no longer than it is.
        yield run[:period] if period >= SHORTEST_REPEATED else "", "repeat"


def _judge(password: str, known: list[str]) -> Judgement:
    """Of a long one the beginning, or the end where the beginning alone is easy: a password is no
    easier than a part of it."""
    judged = _estimate(password[:MOST_CHARACTERS], known)
    if judged.score < WEAK and len(password) > MOST_CHARACTERS:
        end = _estimate(password[-MOST_CHARACTERS:], known)
        return max(judged, end, key=lambda each: each.score)
    return judged


def _estimate(text: str, known: list[str]) -> Judgement:
    if not text:
        return Judgement(0, str(LABELS[0]), _what_helps())
    # Not above: its lists of words take 11 MiB, which only a process holds that was asked.
    import zxcvbn
    from zxcvbn.matching import RANKED_DICTIONARIES
    from zxcvbn.time_estimates import guesses_to_score

    guesses, sequence = 1, []
    with _one_at_a_time:
        try:
            for chunk in _chunks(text):
                found = zxcvbn.zxcvbn(chunk, known)
                guesses *= int(found["guesses"])
                sequence += found["sequence"]
        finally:
            RANKED_DICTIONARIES.pop("user_inputs", None)
    score = int(guesses_to_score(guesses))
    return Judgement(score, str(LABELS[score]), "" if score > 2 else _advice(sequence))


def _chunks(text: str) -> Iterator[str]:
    """The text in as few parts as have no more than ``MOST_SUBSTITUTES`` kinds of symbols each."""
    begin, kinds = 0, set[str]()
    for at, symbol in enumerate(text):
        if symbol in SUBSTITUTES and symbol not in kinds:
            if len(kinds) == MOST_SUBSTITUTES:
                yield text[begin:at]
                begin, kinds = at, set()
            kinds.add(symbol)
    yield text[begin:]


def _advice(sequence: list[dict[str, str]]) -> str:
    """Why it is guessed: what its longest part is, and what helps."""
    longest = max(sequence, key=lambda part: len(part["token"]), default=None)
    reason = REASONS.get(longest["pattern"]) if longest else None
    return f"{reason} {_what_helps()}" if reason else _what_helps()


def _what_helps() -> str:
    return _("Add a few unrelated words.")
