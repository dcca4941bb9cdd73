"""Adjustments: debt that is given up, and balances that an officer states where no fact can."""

from collections.abc import Iterator

from domain.account import Account
from domain.allocation import take
from domain.checks import check_activated, check_bound
from domain.closure import less_owed
from domain.commands import CorrectBalances, WaiveDebt
from domain.corrections import restated
from domain.delinquency import fall_back
from domain.events import AccountEvent, BalancesCorrected, DebtWaived
from domain.facts import amendments
from domain.money import Amounts, DebtKind
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def waive_debt(command: WaiveDebt, account: Account) -> Facts:
    """Give up what is posted and unpaid: billed before unbilled, so it lowers what is demanded."""
    asked: dict[DebtKind, int] = {
        "fees": command.fees_fen or 0,
        "interest": command.interest_fen or 0,
        "principal": command.principal_fen or 0,
    }
    applied: Amounts = {}
    for kind, amount in asked.items():
        available = account.ledger.waivable(kind)
        taken, beyond = take(amount, available)
        if beyond:
            owed = sum(available.values())
            raise Refused("waiver_exceeds_debt", field=f"{kind}_fen", asked=amount, owed=owed)
        applied |= taken
    yield DebtWaived(
        fees_fen=asked["fees"],
        interest_fen=asked["interest"],
        principal_fen=asked["principal"],
        applied=applied,
        refunded_fen=0,
        credit_applied={},
        reason=command.reason,
    )
    yield from less_owed(account)


def correct_balances(command: CorrectBalances, account: Account) -> Facts:
    """What an officer states and a second one agrees to, where no fact may reach any more."""
    check_activated(account)
    known, deltas = account.ledger, command.deltas
    for bucket, delta in deltas.items():
        if known.buckets[bucket] + delta < 0:
            raise Refused(
                "correction_exceeds_balance", field=f"deltas.{bucket}", asked=delta, balance=known.buckets[bucket]
            )
        check_bound(max(0, delta), known.owed, field=f"deltas.{bucket}")
    credit = known.credit + deltas.get("credit", 0)
    debt = known.billed + known.unbilled + sum(delta for bucket, delta in deltas.items() if bucket != "credit")
    if credit and debt:
        raise Refused("correction_leaves_credit_and_debt", field="deltas", credit=credit, owed=debt)
    corrected = known.fork()
    for amended, delta in amendments(deltas):
        corrected.amend(amended, delta)
    interest, late_fees = (
        sum(delta for bucket, delta in deltas.items() if bucket.startswith(kind)) for kind in ("interest", "fees")
    )
    yield BalancesCorrected(
        cause_version=None,
        from_date=account.business_date,
        missed_on=None,
        reason=command.reason,
        interest_delta_fen=interest,
        late_fee_delta_fen=late_fees,
        waived_delta_fen=0,
        principal_delta_fen=debt - credit - (known.billed + known.unbilled - known.credit) - interest - late_fees,
        **restated(known, corrected, []),
    )
    yield from fall_back(account)
    yield from less_owed(account)
