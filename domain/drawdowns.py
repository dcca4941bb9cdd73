"""The loans of one account, told apart: whose its interest and fees are, and what each loan owes and still demands.

Money is kept by account: one waterfall, one set of minima. Principal tells itself whose it is, by the plan that it is an
instalment of. Of interest and fees it is remembered here, in the order in which they are paid. Everything else about a
loan follows from that.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from domain.events import ChargeKind, ChargeLeft, LoanLeft, LoanShare, LoansLeft, OverdueDays, UnpaidMinimum
from domain.money import BILLED_BUCKETS, OWED_BUCKETS, Amounts, Bucket, shared
from domain.slices import Layer, Slice

# Loans that were repaid so long ago are let go of when the next one is drawn: no late fact reaches them.
_KEPT = timedelta(days=400)
# What of it is billed, in the order in which it is paid.
_CHARGES: dict[ChargeKind, Bucket] = {"fees": "fees_billed", "interest": "interest_billed"}
# The one loan of an account of which only what it owes is known.
_TAKEN_OVER = "taken-over"
_PRINCIPAL: tuple[Bucket, ...] = tuple(bucket for bucket in OWED_BUCKETS if bucket.startswith("principal"))


class Debt(NamedTuple):
    """So much in one bucket is owed of one plan, a loan's or an agreement's; due on `due_date`, as far as it is billed."""

    plan_id: str
    bucket: Bucket
    due_date: date | None
    amount: int


class Part(NamedTuple):
    """What one loan has of an account: what is owed of it, the principal in that, and its part of each minimum."""

    owed: int
    principal: int
    minima: tuple[UnpaidMinimum, ...]


# What happens to them


def drawn(loans: LoansLeft | None, plan_id: str, day: date, owed: Mapping[str, int]) -> LoansLeft:
    """One more loan; those that were repaid long ago are forgotten. `owed` is what each of them owes."""
    if loans is None:
        return LoansLeft(loans=(LoanLeft(plan_id=plan_id, drawn_on=day),))
    kept = [each for each in loans.loans if owed.get(each.plan_id) or (each.paid_on or each.drawn_on) >= day - _KEPT]
    names = {each.plan_id for each in kept}
    shares = tuple(each for each in loans.shares if each.plan_id in names)
    return loans.model_copy(
        update={"loans": (*kept, LoanLeft(plan_id=plan_id, drawn_on=day)), "shares": shares}
    )  # fmt: skip


def charged(loans: LoansLeft, kind: ChargeKind, amounts: Mapping[str, int], due_date: date | None = None) -> LoansLeft:
    """Interest or fees become payable, so much of each plan; billed at once where they have a `due_date`."""
    more = [
        ChargeLeft(plan_id=plan_id, kind=kind, due_date=due_date, amount_fen=fen)
        for plan_id, fen in amounts.items()
        if fen
    ]
    return _of_charges(loans, [*loans.charges, *more]) if more else loans


def billed(loans: LoansLeft, due_date: date) -> LoansLeft:
    """A statement: what was not billed is due on that day."""
    return _of_charges(
        loans, [each if each.due_date else each.model_copy(update={"due_date": due_date}) for each in loans.charges]
    )


def unbilled(loans: LoansLeft) -> LoansLeft:
    """What was billed is not demanded any more, and comes with the next statement."""
    return _of_charges(loans, [each.model_copy(update={"due_date": None}) for each in loans.charges])


def lowered(loans: LoansLeft, applied: Amounts) -> LoansLeft:
    """Less is owed of some buckets: what was due first is paid first."""
    left = {bucket: fen for bucket, fen in applied.items() if fen and bucket.startswith(("interest", "fees"))}
    if not left:
        return loans
    charges = []
    for each in loans.charges:
        bucket = _bucket_of(each)
        part = min(each.amount_fen, left.get(bucket, 0))
        if part:
            left[bucket] -= part
        if part < each.amount_fen:
            charges.append(each.model_copy(update={"amount_fen": each.amount_fen - part}) if part else each)
    return _of_charges(loans, charges)


def bore(loans: LoansLeft, fen_days: Mapping[str, int]) -> LoansLeft:
    """Overdue principal of each plan bore penalty for some days."""
    by_plan = {each.plan_id: each.fen_days for each in loans.overdue_days}
    for plan_id, days in fen_days.items():
        by_plan[plan_id] = by_plan.get(plan_id, 0) + days
    days_left = tuple(OverdueDays(plan_id=plan_id, fen_days=days) for plan_id, days in by_plan.items() if days)
    return loans.model_copy(update={"overdue_days": days_left})


def penalised(loans: LoansLeft, amount: int) -> LoansLeft:
    """Penalty is posted, and is whose principal bore it since it was posted last."""
    weights = {each.plan_id: each.fen_days for each in loans.overdue_days} or {loans.loans[0].plan_id: 1}
    return charged(loans.model_copy(update={"overdue_days": ()}), "interest", shared(amount, weights))


def agreed(loans: LoansLeft, agreement_id: str, taken: Mapping[str, int]) -> LoansLeft:
    """An agreement took over so much of each loan; of the first, where it turns out that there was nothing to take."""
    some = {plan_id: fen for plan_id, fen in taken.items() if fen} or {loans.loans[0].plan_id: 1}
    shares = [LoanShare(agreement_id=agreement_id, plan_id=plan_id, amount_fen=fen) for plan_id, fen in some.items()]
    return loans.model_copy(update={"shares": (*loans.shares, *shares)})


def paid(loans: LoansLeft, parts: Mapping[str, int], on: date, surplus: int, planned: Iterable[str]) -> LoansLeft:
    """Money of value date `on` paid so much of each loan; a `surplus` became credit, which pays instalments to come.

    Of those it is told of the oldest loan that has any, of its own or by agreement: `planned` are the plans that go on.
    Where none is to come, it is told with what was paid last that day. Payments of one day are one payment.
    """
    told = [_paid(each, parts.get(each.plan_id, 0), on) for each in loans.loans]
    going_on = set(planned)
    going_on |= {each.plan_id for each in loans.shares if each.agreement_id in going_on}
    ahead = [at for at, each in enumerate(told) if each.plan_id in going_on and each.drawn_on < on]
    today = [at for at, each in enumerate(told) if each.paid_on == on]
    # Not of one that was drawn that very day: money and draws of one day count in either order.
    if surplus > 0 and (ahead or today):
        at = ahead[0] if ahead else today[-1]
        told[at] = _paid(told[at], surplus, on)
    return loans.model_copy(update={"loans": tuple(told)})


def _paid(loan: LoanLeft, amount: int, on: date) -> LoanLeft:
    if amount <= 0 or (loan.paid_on is not None and on < loan.paid_on):
        return loan
    same_day = loan.paid_fen if loan.paid_on == on else 0
    return loan.model_copy(update={"paid_on": on, "paid_fen": same_day + amount})


def lost(loans: LoansLeft, due_dates: Mapping[str, date]) -> LoansLeft:
    """All of it is a loss, of each loan due since then; or, without dates, it is none after all."""
    told = (each.model_copy(update={"lost_due": due_dates.get(each.plan_id)}) for each in loans.loans)
    return loans.model_copy(update={"loans": tuple(told)})


def taken_over(
    plans: Mapping[str, date], slices: Mapping[str, Slice], layers: Sequence[Layer], owed: Amounts, day: date
) -> LoansLeft | None:
    """Loans as they are known where an account is taken over: by the plans that go on, and by what is billed of others.

    Of interest and fees only the sums are known. What a minimum demands beyond the instalments that are due with it is
    theirs, and is told of the first of those; the rest of the first that is due.
    """
    if not any(owed[bucket] for bucket in OWED_BUCKETS):
        return None
    billed_of = [(each.due_date, plan_id, each.unpaid) for name, each in slices.items() if (plan_id := plan_of(name))]
    drawn_on = dict.fromkeys((plan_id for _, plan_id, _ in billed_of), day) | dict(plans)
    drawn_on = drawn_on or {_TAKEN_OVER: day}
    names = sorted(drawn_on, key=lambda plan_id: drawn_on[plan_id])
    loans = LoansLeft(loans=tuple(LoanLeft(plan_id=plan_id, drawn_on=drawn_on[plan_id]) for plan_id in names))
    first, left = (
        next((plan_id for _, plan_id, _ in billed_of), names[0]),
        {bucket: owed[bucket] for bucket in _CHARGES.values()},
    )
    for layer in layers:
        instalments = [(plan_id, fen) for due, plan_id, fen in billed_of if due == layer.due_date]
        beyond = layer.amount - sum(fen for _, fen in instalments)
        for kind, bucket in _CHARGES.items():
            part = min(max(0, beyond), left[bucket])
            beyond, left[bucket] = beyond - part, left[bucket] - part
            loans = charged(loans, kind, {instalments[0][0] if instalments else first: part}, layer.due_date)
    for kind, bucket in _CHARGES.items():
        loans = charged(loans, kind, {first: left[bucket]}, layers[0].due_date if layers else day)
    loans = charged(loans, "fees", {first: owed["fees_unbilled"]})
    return charged(loans, "interest", {first: owed["interest_unbilled"]})


def _of_charges(loans: LoansLeft, charges: list[ChargeLeft]) -> LoansLeft:
    charges.sort(key=lambda each: each.due_date or date.max)
    return loans.model_copy(update={"charges": tuple(charges)})


def _bucket_of(charge: ChargeLeft) -> Bucket:
    if charge.kind == "interest":
        return "interest_billed" if charge.due_date else "interest_unbilled"
    return "fees_billed" if charge.due_date else "fees_unbilled"


# What follows


def plan_of(name: str) -> str | None:
    """The plan that a slice of this name is an instalment of, or the rest."""
    return name.split("/")[1] if name.startswith("plan/") else None


def debts(loans: LoansLeft, slices: Mapping[str, Slice], plans: Mapping[str, Amounts], owed: Amounts) -> list[Debt]:
    """Everything that is owed, by whose it is; `plans` say what is planned of each, by bucket.

    What is owed of no loan at all (as an officer corrected it, or credit that was paid out and was not there) is told of
    the first. What was drawn and has no plan yet is of the last.
    """
    known = {each.plan_id for each in loans.loans} | {each.agreement_id for each in loans.shares}
    found = [Debt(each.plan_id, _bucket_of(each), each.due_date, each.amount_fen) for each in loans.charges]
    found += [
        Debt(plan_id, each.bucket, each.due_date, each.unpaid)
        for name, each in slices.items()
        if (plan_id := plan_of(name)) in known and plan_id is not None
    ]
    found += [
        Debt(plan_id, bucket, None, fen)
        for plan_id, planned in plans.items()
        if plan_id in known
        for bucket, fen in planned.items()
    ]
    for bucket in OWED_BUCKETS:
        beyond = owed[bucket] - sum(each.amount for each in found if each.bucket == bucket)
        if beyond:
            whose = loans.loans[-1 if bucket == "principal_planned" else 0]
            found.append(Debt(whose.plan_id, bucket, None, beyond))
    return found


def demanded(layers: Sequence[Layer], owed: Sequence[Debt]) -> list[tuple[Layer, dict[str, int]]]:
    """Each minimum by the plans that it demands money of: what was due with it, then what else is billed, oldest first.

    Money that paid interest of a later statement before principal of an earlier one lowered the earlier minimum; that
    principal is demanded by the later one.
    """
    if not layers:
        return []
    open_debts = sorted(
        (each for each in owed if each.bucket in BILLED_BUCKETS), key=lambda each: each.due_date or date.max
    )
    left = [each.amount for each in open_debts]
    found: list[tuple[Layer, dict[str, int]]] = [(layer, {}) for layer in layers]
    for with_it in (True, False):
        for layer, parts in found:
            missing = layer.amount - sum(parts.values())
            for at, each in enumerate(open_debts) if missing else ():
                if with_it and each.due_date != layer.due_date:
                    continue
                part = min(missing, left[at])
                if part:
                    missing, left[at] = missing - part, left[at] - part
                    parts[each.plan_id] = parts.get(each.plan_id, 0) + part
    return found


def told_apart(
    loans: LoansLeft, owed: Sequence[Debt], minima: Sequence[tuple[Layer, dict[str, int]]], *, is_lost: bool
) -> dict[str, Part]:
    """Each loan with what it has of the account; of a loss all of it is demanded, of each loan since it is due.

    What an agreement took over is told of its loans in proportion to what it took over of each.
    """
    shares = _shares(loans)
    whole, principal = ({loan.plan_id: 0 for loan in loans.loans} for _ in range(2))
    for plan_id, fen in _by_plan(owed).items():
        _add(whole, plan_id, fen, shares)
    for plan_id, fen in _by_plan(each for each in owed if each.bucket in _PRINCIPAL).items():
        _add(principal, plan_id, fen, shares)
    demands: dict[str, tuple[UnpaidMinimum, ...]]
    if is_lost:
        demands = {
            loan.plan_id: (_minimum(0, loan.lost_due, whole[loan.plan_id]),)
            for loan in loans.loans
            if loan.lost_due is not None and whole[loan.plan_id]
        }
    else:
        demands = _demands(loans, minima, shares)
    return {plan_id: Part(fen, principal[plan_id], demands.get(plan_id, ())) for plan_id, fen in whole.items()}


def _demands(
    loans: LoansLeft, minima: Sequence[tuple[Layer, dict[str, int]]], shares: Mapping[str, dict[str, int]]
) -> dict[str, tuple[UnpaidMinimum, ...]]:
    found: dict[str, list[UnpaidMinimum]] = {}
    # What is demanded of each agreement by the minima so far, and what of that is of each loan: so that the parts of all of
    # them are together what all of it comes to.
    so_far: dict[str, int] = {}
    for layer, parts in minima:
        of_layer = {loan.plan_id: 0 for loan in loans.loans}
        for plan_id, fen in parts.items():
            before = so_far.get(plan_id, 0)
            so_far[plan_id] = before + fen
            _add(of_layer, plan_id, before + fen, shares)
            _add(of_layer, plan_id, before, shares, sign=-1)
        for plan_id, fen in of_layer.items():
            if fen:
                found.setdefault(plan_id, []).append(_minimum(layer.statement_no, layer.due_date, fen))
    return {plan_id: tuple(own) for plan_id, own in found.items()}


def _minimum(statement_no: int, due_date: date, fen: int) -> UnpaidMinimum:
    return UnpaidMinimum(statement_no=statement_no, due_date=due_date, amount_fen=fen)


def _by_plan(owed: Iterable[Debt]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in owed:
        found[each.plan_id] = found.get(each.plan_id, 0) + each.amount
    return found


def _add(to: dict[str, int], plan_id: str, fen: int, shares: Mapping[str, dict[str, int]], sign: int = 1) -> None:
    """So much of a plan is of the loan whose it is, or of those that the agreement took over."""
    weights = shares.get(plan_id)
    for loan, part in (shared(fen, weights) if weights else {plan_id: fen}).items():
        to[loan] += sign * part


def _shares(loans: LoansLeft) -> dict[str, dict[str, int]]:
    """The agreements, each by the loans that it took over."""
    found: dict[str, dict[str, int]] = {}
    for each in loans.shares:
        found.setdefault(each.agreement_id, {})[each.plan_id] = each.amount_fen
    return found


def loans_of(loans: LoansLeft, plan_id: str) -> tuple[str, ...]:
    """The loans whose a plan is: itself, or those that the agreement took over."""
    shares = tuple(each.plan_id for each in loans.shares if each.agreement_id == plan_id)
    return shares or (plan_id,)
