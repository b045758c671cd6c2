"""System checks of what the settings name by its path: hooks, rules, and the steps of a sign-in."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from .conf import ostiary_settings
from .factor_set_up import SetUpStep
from .second_step import SecondStep


def problems() -> Iterator[CheckMessage]:
    """What is wrong, and what to write instead."""
    yield from _dotted_paths()
    yield from _step_names()
    yield from _order_of_steps()


def _dotted_paths() -> Iterator[CheckMessage]:
    witness = [ostiary_settings.EVENT_WITNESS] if ostiary_settings.EVENT_WITNESS else []
    for name, paths in {
        "SIGNIN_STEPS": ostiary_settings.SIGNIN_STEPS,
        "BEFORE_SIGNIN_HOOKS": ostiary_settings.BEFORE_SIGNIN_HOOKS,
        "RISK_RULES": ostiary_settings.RISK_RULES,
        "AFTER_SIGNUP_HOOKS": ostiary_settings.AFTER_SIGNUP_HOOKS,
        "AFTER_EVENT_HOOKS": ostiary_settings.AFTER_EVENT_HOOKS,
        "PERSONAL_DATA_EXPORTERS": ostiary_settings.PERSONAL_DATA_EXPORTERS,
        "PERSONAL_DATA_ERASERS": ostiary_settings.PERSONAL_DATA_ERASERS,
        "RETENTION_RULES": ostiary_settings.RETENTION_RULES,
        "EVENT_WITNESS": witness,
    }.items():
        for path in paths:
            try:
                found = import_string(path)
            except ImportError as problem:
                yield Error(
                    f"OSTIARY[{name!r}] names {path!r}, which can't be imported: {problem}.",
                    hint="Check the spelling and that its package is installed.",
                    id="ostiary.E018",
                )
                continue
            if not callable(found):
                yield Error(
                    f"OSTIARY[{name!r}] names {path!r}, which can't be called.",
                    hint="Name a function or a class.",
                    id="ostiary.E018",
                )


def _step_names() -> Iterator[CheckMessage]:
    """Of two steps with one name the second would count as passed with the first."""
    seen: dict[str, str] = {}
    for path in ostiary_settings.SIGNIN_STEPS:
        try:
            name = import_string(path).name
        except ImportError:
            continue
        except AttributeError:
            yield Error(
                f"OSTIARY['SIGNIN_STEPS'] names {path!r}, which has no name.",
                hint="A step is a class with name, is_required() and url().",
                id="ostiary.E019",
            )
            continue
        if name in seen:
            yield Error(
                f"The sign-in steps {seen[name]!r} and {path!r} are both named {name!r}.",
                hint="Give each step its own name.",
                id="ostiary.E019",
            )
        seen[name] = path


def _order_of_steps() -> Iterator[CheckMessage]:
    """A factor that the person has is asked for before another is set up, which would do for it."""
    is_asked = False
    for path in ostiary_settings.SIGNIN_STEPS:
        try:
            step = import_string(path)
        except ImportError:
            continue
        is_asked = is_asked or step is SecondStep
        if isinstance(step, type) and issubclass(step, SetUpStep) and not is_asked:
            yield Error(
                f"In OSTIARY['SIGNIN_STEPS'] {path!r} sets up a factor before existing factors "
                "are asked for.",
                hint="Put 'ostiary.second_step.SecondStep' above it.",
                id="ostiary.E026",
            )
