"""One verdict of what several apps tell, and the best next step."""

import pytest

from ostiary.protection import Advice, Fact, Level, Order, Report, summed


def advice(order, **changes):
    return Advice(order, order.name, "", (), **changes)


WEAK = Report([Fact("Two-step verification", "Off", "/", if_weak=True)])


@pytest.mark.parametrize(
    ("reports", "level", "first"),
    [
        ([], Level.WEAK, None),
        ([Report()], Level.WEAK, None),
        ([Report(is_strong=True)], Level.STRONG, None),
        ([Report(advice=[advice(Order.PASSKEY)])], Level.WEAK, Order.PASSKEY),
        (
            [Report(advice=[advice(Order.PASSKEY)]), Report(is_strong=True)],
            Level.STRONG,
            Order.PASSKEY,
        ),
        (
            [
                Report(advice=[advice(Order.SECOND_FACTOR, if_weak=True)]),
                Report(advice=[advice(Order.PASSKEY)]),
            ],
            Level.WEAK,
            Order.PASSKEY,
        ),
        (
            [Report(advice=[advice(Order.SECOND_FACTOR, if_weak=True)]), Report(is_strong=True)],
            Level.STRONG,
            None,
        ),
        (
            [
                Report(advice=[advice(Order.PASSKEY)]),
                Report(advice=[advice(Order.BACKUP_CODES)], is_strong=True),
            ],
            Level.ATTENTION,
            Order.BACKUP_CODES,
        ),
        (
            [
                Report(advice=[advice(Order.EMAIL_FAILS)]),
                Report(advice=[advice(Order.NO_WAY_IN)]),
            ],
            Level.ATTENTION,
            Order.NO_WAY_IN,
        ),
    ],
)
def test_the_level_and_the_next_step(reports, level, first):
    found = summed(reports)

    assert found.level is level
    assert (found.advice.order if found.advice else None) is first


def test_what_is_only_for_weak_accounts_is_left_out_of_strong_ones():
    assert summed([WEAK]).facts == WEAK.facts
    assert summed([WEAK, Report(is_strong=True)]).facts == []
