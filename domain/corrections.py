"""Late facts: what was charged since is derived anew, and the difference becomes an event of its own.

The fact itself is recorded first, as if it counted today; `balances.corrected` then leads to what would have been had
everybody known in time. History is never edited, and what statements printed stands.
"""

from collections.abc import Iterator
from datetime import date

from domain.account import Account
from domain.delinquency import fall_back
from domain.derivation import Derivation
from domain.events import AccountEvent, BalancesCorrected, Counters, DisputeLeft, MinimumLeft, MonthEnd, PurchaseLeft
from domain.ledger import Layer, Ledger
from domain.money import Bucket


def correct(account: Account, from_date: date) -> Iterator[AccountEvent]:
    """Lead the account to what follows from all facts by the days they count; `from_date` is the late fact's.

    The event that made it necessary is the account's last. Silent where nothing turns out otherwise.
    """
    derivation = Derivation(account.base, account.facts, account.issued)
    derived = derivation.through(account.ledger.business_date, months_from=from_date)
    if derived != account.ledger:
        yield _corrected(account, derived, from_date, derivation.months)
        yield from fall_back(account)


def _corrected(account: Account, derived: Ledger, from_date: date, months: list[MonthEnd]) -> BalancesCorrected:
    known = account.ledger
    deltas: dict[Bucket, int] = {
        bucket: amount - known.buckets[bucket]
        for bucket, amount in derived.buckets.items()
        if amount != known.buckets[bucket]
    }
    interest = derived.interest_posted - known.interest_posted
    late_fees = derived.charges_posted - known.charges_posted - interest
    waived = derived.waived - known.waived
    owed = (derived.owed - derived.credit) - (known.owed - known.credit)
    return BalancesCorrected(
        cause_version=account.version,
        from_date=from_date,
        deltas=deltas,
        interest_delta_fen=interest,
        late_fee_delta_fen=late_fees,
        waived_delta_fen=waived,
        principal_delta_fen=owed - (interest + late_fees - waived),
        purchases_left=tuple(
            PurchaseLeft(
                purchase_id=purchase_id,
                unpaid_fen=each.unpaid,
                due_date=each.due_date,
                fen_days=each.fen_days,
                counted_to=each.counted_to,
            )
            for purchase_id, each in derived.slices.items()
        ),
        minima_left=_minima(derived.layers),
        disputes_left=tuple(
            DisputeLeft(dispute_id=dispute_id, purchase_id=each.purchase_id, set_aside_fen=each.amount)
            for dispute_id, each in derived.disputes.items()
        ),
        untested_due=derived.untested_due,
        charged_off_due=derived.charged_off_due,
        minima_charged_off=_minima(derived.layers_charged_off),
        regime=derived.regime,
        counters=Counters(
            bearing_fen=derived.bearing,
            fen_days=derived.fen_days,
            principal_fen_days=derived.principal_fen_days,
            interest_posted_fen=derived.interest_posted,
            charges_posted_fen=derived.charges_posted,
            waived_fen=derived.waived,
        ),
        months=tuple(months),
    )


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
