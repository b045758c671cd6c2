"""How unusual a sign-in looks: a small score, and the reasons that it is made of.

Each rule of ``OSTIARY["RISK_RULES"]`` either applies, and then adds its weight, or does not. What
is done about the sum is policy, in two thresholds. Nothing else goes into it, so that whoever reads
an event sees why it came out as it did.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from .circumstances import Circumstances
from .conf import ostiary_settings

log = logging.getLogger(__name__)


class Rule(Protocol):
    """One thing that may be unusual, named by dotted path in ``OSTIARY["RISK_RULES"]``."""

    name: str
    """Unique and short: it stands in the log."""
    weight: int
    """What it adds to the score; never less than nothing."""
    sentence: Any
    """What it says to people, to be read after "because:"."""

    def applies(self, circumstances: Circumstances) -> bool:
        """Whether this sign-in is unusual in this way."""


class Decision(Enum):
    """What comes of a score, least first."""

    NOTHING = "nothing"
    NOTIFY = "notify"
    STEP_UP = "step_up"


@dataclass(frozen=True)
class Assessment:
    """The names of the rules that applied, each with its weight."""

    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def score(self) -> int:
        """The sum of the reasons."""
        return sum(self.reasons.values())

    @property
    def decision(self) -> Decision:
        """What policy makes of it. A threshold of 0 is never reached."""
        for threshold, decision in (
            (ostiary_settings.RISK_STEP_UP_SCORE, Decision.STEP_UP),
            (ostiary_settings.RISK_NOTIFY_SCORE, Decision.NOTIFY),
        ):
            if threshold and self.score >= threshold:
                return decision
        return Decision.NOTHING

    def told(self) -> dict[str, Any]:
        """For the details of an event: nothing in it is personal."""
        return {
            "score": self.score,
            "decision": self.decision.value,
            "reasons": dict(self.reasons),
        }


def weigh(applying: Iterable[tuple[str, int]]) -> Assessment:
    """The assessment of rules that apply, each given by its name and weight."""
    return Assessment({name: max(0, weight) for name, weight in applying})


def assess(
    request: HttpRequest, user: Any, signals: Iterable[str] = (), *, amr: Iterable[str] = ()
) -> Assessment:
    """Look at a sign-in of ``user`` whose first factor was just proved.

    ``signals`` name what the way in has noticed by itself, such as ``breached_password``; ``amr``
    holds what was shown (RFC 8176).
    """
    circumstances = Circumstances(request, user, frozenset(signals), tuple(amr))
    return weigh((rule.name, rule.weight) for rule in rules() if _applies(rule, circumstances))


def _applies(rule: Rule, circumstances: Circumstances) -> bool:
    """A rule that fails counts as one that applies: what can't be told is not taken for usual."""
    try:
        return rule.applies(circumstances)
    except Exception:
        log.exception("The rule %s failed, and counts.", rule.name)
        return True


def rules() -> list[Rule]:
    """The rules of this site, in order."""
    return [import_string(path)() for path in ostiary_settings.RISK_RULES]


def _weightiest_first(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """The reasons in an order of their own: a database may keep them in any."""
    return sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))


def sentences(reasons: Mapping[str, int]) -> list[str]:
    """The reasons in words; of a rule that is there no more, its name."""
    known = {rule.name: str(rule.sentence) for rule in rules()}
    return [known.get(name, name) for name, _ in _weightiest_first(reasons)]


def in_words(details: Mapping[str, Any]) -> str:
    """The risk in an event's details, for an operator; ``""`` where there is none."""
    told = details.get("risk")
    if not isinstance(told, dict) or not told.get("reasons"):
        return ""
    known = {rule.name: str(rule.sentence) for rule in rules()}
    reasons = ", ".join(
        f"{known.get(name, name)} ({weight})" for name, weight in _weightiest_first(told["reasons"])
    )
    done = {
        Decision.NOTHING.value: _("no action"),
        Decision.NOTIFY.value: _("user notified"),
        Decision.STEP_UP.value: _("second factor required"),
    }.get(told.get("decision", ""), "")
    return f"{told.get('score', 0)}: {reasons}; {done}"
