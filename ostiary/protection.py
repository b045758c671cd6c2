"""How well an account is protected, in one glance, and the best next step: told by the apps that
keep what people sign in by.

Each registers a *report* in ``AppConfig.ready``, and knows nothing of the others'. The order of
advice is honest by what the person has: first what locks them out, then what a thief can use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from django.http import HttpRequest


class Order(IntEnum):
    """Where advice stands: the least is given first."""

    NO_WAY_IN = 0
    EMAIL_FAILS = 10
    BACKUP_CODES = 20
    PASSKEY = 30
    SECOND_FACTOR = 40
    ANOTHER_PASSKEY = 50


class Level(StrEnum):
    """How an account stands: something is broken, can be made safer, or is well protected."""

    ATTENTION = "attention"
    WEAK = "weak"
    STRONG = "strong"


@dataclass(frozen=True)
class Fact:
    """Something the person has, or lacks: in words, with the page where they look after it. One
    that is ``if_weak`` is left out where another app's report is strong."""

    label: Any
    value: Any
    url: str
    is_good: bool = True
    if_weak: bool = False


@dataclass(frozen=True)
class Advice:
    """A step that the person can take: what, why, and the links that lead to it (label and
    address), the best first. ``if_weak`` as with facts."""

    order: Order
    title: Any
    reason: Any
    links: tuple[tuple[Any, str], ...]
    if_weak: bool = False


@dataclass(frozen=True)
class Report:
    """What one app says. It is strong where what it keeps holds against a stolen password."""

    facts: list[Fact] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)
    is_strong: bool = False


@dataclass(frozen=True)
class Protection:
    """All reports together; ``advice`` is the one next step, ``None`` where none is left."""

    level: Level
    facts: list[Fact]
    advice: Advice | None


Tell = Callable[[HttpRequest], Report]

_reports: dict[str, tuple[int, Tell]] = {}


def register(name: str, tell: Tell, order: int = 50) -> None:
    """Have ``tell`` asked; the facts of the least ``order`` stand first."""
    _reports[name] = order, tell


def of(request: HttpRequest) -> Protection:
    """How the account of who is signed in is protected."""
    in_order = sorted(_reports.items(), key=lambda entry: (entry[1][0], entry[0]))
    return summed([tell(request) for _, (_, tell) in in_order])


def summed(reports: list[Report]) -> Protection:
    """One verdict of all reports."""
    is_strong = any(report.is_strong for report in reports)
    facts = [fact for report in reports for fact in report.facts]
    advice = [each for report in reports for each in report.advice]
    if is_strong:
        facts = [fact for fact in facts if not fact.if_weak]
        advice = [each for each in advice if not each.if_weak]
    first = min(advice, key=lambda each: each.order, default=None)
    if first is not None and first.order < Order.PASSKEY:
        level = Level.ATTENTION
    else:
        level = Level.STRONG if is_strong else Level.WEAK
    return Protection(level, facts, first)
