"""Late facts: what was charged since is derived anew, and the difference becomes an event of its own.

The fact itself is recorded first, as if it counted today; `balances.corrected` then leads to what would have been had
everybody known in time. History is never edited, and what statements printed stands.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from domain import events
from domain.account import Account
from domain.delinquency import catch_up, fall_back
from domain.derivation import Derivation
from domain.events import (
    AccountEvent,
    BalancesCorrected,
    Counters,
    DisputeLeft,
    MinimumLeft,
    MonthEnd,
    PurchaseLeft,
    RulesChanged,
)
from domain.ledger import Ledger
from domain.slices import Layer


def correct(account: Account, from_date: date, uncounted: int = 0) -> Iterator[AccountEvent]:
    """Lead the account to what follows from all facts by the days they count; `from_date` is the late fact's.

    The event that made it necessary is the account's last. `uncounted` is principal that is found never to have been
    bought, as far as that event has not taken it away itself. Silent where nothing turns out otherwise: neither what is
    owed now nor how a month ended.
    """
    derivation, derived = _derived(account, from_date)
    if derived != account.ledger or derivation.months:
        yield BalancesCorrected(
            cause_version=account.version,
            reason=None,
            uncounted_fen=uncounted,
            **_by_days(derivation, from_date),
            **_charged_otherwise(account.ledger, derived),
            **restated(account.ledger, derived, derivation.months),
        )
        yield from fall_back(account)


def renew(account: Account) -> Iterator[AccountEvent]:
    """Move the account to this program's edition of the rules, before anything is derived by it."""
    if account.rules == events.RULES:
        return
    from_date = account.base.business_date
    derivation, derived = _derived(account, from_date)
    yield RulesChanged(
        from_rules=account.rules,
        to_rules=events.RULES,
        **_by_days(derivation, from_date),
        **_charged_otherwise(account.ledger, derived),
        **restated(account.ledger, derived, derivation.months),
    )
    yield from fall_back(account)
    yield from catch_up(account)


def _derived(account: Account, from_date: date) -> tuple[Derivation, Ledger]:
    derivation = Derivation(account.base, account.facts, account.issued)
    return derivation, derivation.through(account.business_date, months_from=from_date)


def _by_days(derivation: Derivation, from_date: date) -> dict[str, Any]:
    # Months are told whole, so what was paid off is, too.
    begin = from_date.replace(day=1)
    return {
        "from_date": from_date,
        "missed_on": max(derivation.missed_on, default=None),
        "paid_off": tuple(each for each in derivation.paid_off if each.on >= begin),
        "loans": derivation.loans_restated(begin),
    }


def _charged_otherwise(known: Ledger, derived: Ledger) -> dict[str, Any]:
    interest = derived.interest_posted - known.interest_posted
    interest += derived.plan_interest_posted - known.plan_interest_posted
    late_fees = derived.charges_posted - known.charges_posted - interest
    waived = derived.waived - known.waived
    owed = (derived.owed - derived.credit) - (known.owed - known.credit)
    return {
        "interest_delta_fen": interest,
        "late_fee_delta_fen": late_fees,
        "plan_fee_delta_fen": derived.plan_fees_posted - known.plan_fees_posted,
        "waived_delta_fen": waived,
        "principal_delta_fen": owed - (interest + late_fees - waived),
    }


def restated(known: Ledger, derived: Ledger, months: list[MonthEnd]) -> dict[str, Any]:
    """What the account goes on with, as the event says it."""
    return {
        "deltas": {
            bucket: amount - known.buckets[bucket]
            for bucket, amount in derived.buckets.items()
            if amount != known.buckets[bucket]
        },
        "purchases_left": tuple(
            PurchaseLeft(
                purchase_id=purchase_id,
                unpaid_fen=each.unpaid,
                due_date=each.due_date,
                fen_days=each.fen_days,
                earlier_days=each.earlier_days,
                counted_to=each.counted_to,
                instalment=each.instalment,
            )
            for purchase_id, each in derived.slices.items()
        ),
        "minima_left": _minima(derived.layers),
        "disputes_left": tuple(
            DisputeLeft(dispute_id=dispute_id, purchase_id=each.purchase_id, set_aside_fen=each.amount)
            for dispute_id, each in derived.disputes.items()
        ),
        "plans_left": tuple(derived.plans.values()),
        "agreement": derived.agreement,
        "untested_due": derived.untested_due,
        "untested_later": derived.untested[1:],
        "charged_off_due": derived.charged_off_due,
        "minima_charged_off": _minima(derived.layers_charged_off),
        "regime": derived.regime,
        "loans_left": derived.loans,
        "counters": Counters(
            bearing_fen=derived.bearing,
            fen_days=derived.fen_days,
            earlier_days=derived.earlier_days,
            principal_fen_days=derived.principal_fen_days,
            interest_posted_fen=derived.interest_posted,
            charges_posted_fen=derived.charges_posted,
            plan_fees_posted_fen=derived.plan_fees_posted,
            settlement_fees_posted_fen=derived.settlement_fees_posted,
            plan_interest_posted_fen=derived.plan_interest_posted,
            waived_fen=derived.waived,
        ),
        "months": tuple(months),
    }


def _minima(layers: tuple[Layer, ...]) -> tuple[MinimumLeft, ...]:
    return tuple(
        MinimumLeft(
            statement_no=each.statement_no,
            due_date=each.due_date,
            amount_fen=each.amount,
            principal_fen=each.principal,
        )
        for each in layers
    )
