"""What would have been: a ledger derived day by day from all facts, by the days they count, however late we learnt.

Three things stand as they were, because they were said: statements exist on exactly the days they were issued on, and
a correction may lower what one demanded, never raise it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain import charges
from domain.allocation import allocate, split_refund, take
from domain.calendar import ONE_DAY, days_between, month_end
from domain.drawdowns import loans_of
from domain.events import AccountMigrated, InstalmentPosted, LoanRestated, MonthEnd, PaidOff, PlanLeft, UnpaidMinimum
from domain.facts import Fact, Issued, in_order
from domain.ledger import Charge, ComingTerms, Ledger
from domain.money import Amounts, Bucket, DebtKind
from domain.plans import due_before, principal_left
from domain.terms import Terms


class Derivation:
    """A ledger on its way from a closed state to a later day. `base` is left as it is."""

    def __init__(self, base: Ledger, facts: tuple[Fact, ...], issued: Iterable[Issued]) -> None:
        self.ledger = base.fork()
        self.months: list[MonthEnd] = []
        self.missed_on: list[date] = []
        self.paid_off: list[PaidOff] = []
        self._facts = in_order(facts)[::-1]
        self._issued = {statement.on: statement for statement in issued}
        self._due_dates = [statement.due_date for statement in self._issued.values()]
        # A loan's instalments are due also where credit left nothing of them for a statement.
        self._due_dates += [due for plan in base.plans.values() if (due := due_before(plan)) is not None]
        self._of_loans: dict[str, _OfLoan] = {}
        for plan_id, part in self.ledger.by_loan().items():
            self._of(plan_id).due_dates = [each.due_date for each in part.minima]
        for plan in base.plans.values():
            self._fall_due(plan.plan_id, due_before(plan))
        self._month_end: date | None = None  # of the first month whose end is still to be remembered

    def _of(self, plan_id: str) -> "_OfLoan":
        return self._of_loans.setdefault(plan_id, _OfLoan())

    def _fall_due(self, plan_id: str, due: date | None) -> None:
        """An instalment of a loan is due, or one of the agreement that took it over."""
        loans = self.ledger.loans
        if loans is not None and due is not None:
            for loan in loans_of(loans, plan_id):
                self._of(loan).due_dates.append(due)

    def _demand(self, due: date) -> None:
        """A statement was due of the loans that it demanded money of; of all, where it turns out to have demanded none."""
        parts = self.ledger.by_loan()
        instalments = [plan_id for plan_id in parts if due in self._of(plan_id).due_dates]
        owed = [plan_id for plan_id, part in parts.items() if part.owed]
        demanded = [plan_id for plan_id, part in parts.items() if any(each.due_date == due for each in part.minima)]
        for plan_id in demanded or instalments or owed or parts:
            self._of(plan_id).due_dates.append(due)

    def loans_restated(self, begin: date) -> tuple[LoanRestated, ...]:
        """How months ended of each loan, and what else of it is told anew since `begin`."""
        loans = self.ledger.loans
        return tuple(
            LoanRestated(
                plan_id=each.plan_id,
                missed_on=max(told.missed_on, default=None),
                months=tuple(told.months),
                paid_off=tuple(off for off in told.paid_off if off.on >= begin),
            )
            for each in (loans.loans if loans is not None else ())
            for told in [self._of(each.plan_id)]
        )

    def through(self, last: date, months_from: date | None = None) -> Ledger:
        """The ledger at the end of `last`; remembers how each month ended that `months_from` or a later day is in."""
        day: date | None = self.ledger.business_date
        self._month_end = month_end(months_from) if months_from is not None else None
        while day is not None and day <= last:
            self._end_months_before(day)
            self._live(day)
            day = self._next_day()
        self._end_months_before(last)
        self.ledger.pass_time(last)
        return self.ledger

    def before(self, day: date) -> Ledger:
        """The ledger as `day` begins: its days before are counted, the system's steps of `day` not done yet."""
        self.through(day - ONE_DAY)
        self.ledger.pass_time(day)
        return self.ledger

    def _end_months_before(self, day: date) -> None:
        while self._month_end is not None and self._month_end < day:
            self.ledger.pass_time(self._month_end)
            self.months.append(self._month(self._month_end))
            self._end_month_of_loans(self._month_end)
            self._month_end = month_end(self._month_end + ONE_DAY)

    def _next_day(self) -> date | None:
        """The next day on which something happens: a fact, a statement that was issued, or the calendar's own work."""
        today = self.ledger.business_date
        days = [day for day in self._issued if day > today]
        if self._facts:
            days.append(self._facts[-1].on)
        calendar = self.ledger.next_event_on()
        if calendar is not None:
            days.append(calendar)
        return min(days, default=None)

    def _live(self, day: date) -> None:  # noqa: C901 - the steps of a day
        """One day: the system's steps, then the facts, in the rulebook's order."""
        ledger = self.ledger
        ledger.pass_time(day)
        # What was paid off is told of whole months, and asked for together with how they ended.
        told = self._month_end is not None
        owed, dpd = (ledger.owed, ledger.dpd) if told else (0, 0)
        mornings, late = (ledger.by_loan(), self._missed(ledger.demands(), day)) if told else ({}, [])
        owing = {plan_id for plan_id, part in mornings.items() if part.owed}
        missed = charges.missed_today(ledger, day)
        if missed is not None:
            self.missed_on.append(day)
            for plan_id in ledger.loans_of(missed.due_date):
                self._of(plan_id).missed_on.append(day)
            self._post(charges.late_fee(ledger, missed))
        if ledger.charged_off_due is None and ledger.bills_on(day):
            self._post(charges.bill_day(ledger))
        statement = self._issued.get(day)
        if statement is not None:
            brought_forward = ledger.minimum_due
            derived = max(0, charges.minimum(ledger) - brought_forward)
            demanded = max(statement.own_minimum, statement.minimum - brought_forward)
            ledger.bill(statement.due_date, min(derived, demanded))
            self._demand(statement.due_date)
        while self._facts and self._facts[-1].on == day:
            if self._facts[-1].kind != "charge_off":
                self._break_plan(day)
            before = ledger.owed
            self._apply(self._facts.pop())
            owed = owed or (ledger.owed if told else 0)
            if told and ledger.owed > before:
                owing |= {plan_id for plan_id, part in ledger.by_loan().items() if part.owed}
        self._break_plan(day)
        if owed and not ledger.owed:
            self.paid_off.append(PaidOff(on=day, dpd=dpd))
        for plan_id, part in ledger.by_loan().items() if owing else ():
            if plan_id in owing and not part.owed:
                own = _of_those(late, mornings[plan_id].minima) if plan_id in mornings else []
                self._of(plan_id).paid_off.append(PaidOff(on=day, dpd=_days_late(own, day)))

    def _break_plan(self, day: date) -> None:
        """A missed instalment breaks an agreement after a loss is booked, and before anything is learnt of the day."""
        missed = charges.missed_today(self.ledger, day) if self.ledger.agreement is not None else None
        if missed is not None:
            self.ledger.break_plan(missed.statement_no)

    def _post(self, posted: Iterable[Charge]) -> None:
        for event in posted:
            self.ledger.post(event)
            if isinstance(event, InstalmentPosted) and event.due_date is not None:
                self._due_dates.append(event.due_date)
                self._fall_due(event.plan_id, event.due_date)

    def _apply(self, fact: Fact) -> None:  # noqa: C901, PLR0912, PLR0915 - one case a kind
        ledger = self.ledger
        match fact.kind:
            case "purchase":
                ledger.purchase(fact.reference, fact.amount, min(fact.amount, ledger.credit))
            case "draw":
                ledger.draw(fact.reference, fact.amount)
                ledger.plan_draw(PlanLeft.model_validate_json(fact.of))
            case "refund":
                of_purchase, applied, credited = split_refund(
                    fact.amount, ledger.unpaid_of(fact.reference), ledger.buckets, ledger.regime
                )
                ledger.refund(fact.reference, of_purchase, applied, credited)
            case "payment":
                self._post(charges.of_payment(ledger))
                applied, credited = allocate(fact.amount, ledger.buckets, ledger.regime)
                before = ledger.by_loan()
                ledger.pay(applied, credited)
                ledger.count_payment(before, fact.on, fact.amount)
            case "conversion":
                plan = PlanLeft.model_validate_json(fact.of)
                ledger.convert(plan, charges.minimum_lowered(ledger, fact.amount))
            case "restructuring":
                self._post(charges.run_up(ledger))
                withdrawn = ledger.waiting()
                self._due_dates = [due for due in self._due_dates if due not in withdrawn]
                for told in self._of_loans.values():
                    told.due_dates = [due for due in told.due_dates if due not in withdrawn]
                ledger.restructure(PlanLeft.model_validate_json(fact.of), ledger.oldest_due)
            case "settlement":
                applied, credited = self._paid_early(fact, fact.of)
                before = ledger.by_loan()
                ledger.settle(fact.of, applied, credited)
                ledger.count_payment(before, fact.on, fact.amount)
            case "prepayment":
                principal, _, plan_id = fact.of.partition("/")
                applied, credited = self._paid_early(fact, plan_id, int(principal))
                before = ledger.by_loan()
                ledger.prepay(plan_id, applied, credited)
                ledger.count_payment(before, fact.on, fact.amount)
            case "payout":
                ledger.pay_out(fact.reference, fact.amount)
            case "dispute":
                ledger.set_aside(fact.reference, fact.of, ledger.disputable(fact.of, fact.amount))
            case "dispute_rejected":
                ledger.reject_dispute(fact.reference)
            case "waiver":
                kind: DebtKind = fact.reference  # type: ignore[assignment] # as the waiver named it
                ledger.waive(take(fact.amount, ledger.waivable(kind))[0], 0, {})
            case "correction":
                bucket: Bucket = fact.reference  # type: ignore[assignment] # as the correction named it
                ledger.amend(bucket, fact.amount)
            case "bill_day":
                moved_on = date.fromisoformat(fact.reference)
                ledger.bill_days = ledger.bill_days.moved(fact.amount, moved_on, fact.on)
            case "terms":
                coming = ComingTerms(date.fromisoformat(fact.of), Terms.model_validate_json(fact.reference))
                ledger.coming_terms = coming
            case "posting":
                self._post(charges.run_up(ledger))
            case "charge_off" | "write_off":
                self._post(charges.run_up(ledger))
                ledger.charge_off(date.fromisoformat(fact.reference))
            case "undo_write_off":
                ledger.undo_charge_off()
            case "death":
                ledger.died_on = fact.on
            case "takeover":
                ledger.take_over(AccountMigrated.model_validate_json(fact.reference))

    def _paid_early(self, fact: Fact, plan_id: str, most: int | None = None) -> tuple[Amounts, int]:
        """What the money pays of a plan, at `most` so much of its principal; what is too much pays like any other."""
        ledger = self.ledger
        plan = ledger.plans.get(plan_id)
        own: Amounts = {}
        if plan is not None:
            principal = principal_left(plan) if most is None else min(most, principal_left(plan))
            own = charges.payoff(ledger, plan, principal).applied
            self._post(charges.paid_early(ledger, plan, principal))
        _, applied, credited = split_refund(fact.amount, own, ledger.buckets, ledger.regime)
        return applied, credited

    def _month(self, end: date) -> MonthEnd:
        ledger = self.ledger
        demands = ledger.demands()
        return MonthEnd(
            **_demanded(demands, self._missed(demands, end), end),
            dpd=ledger.dpd,
            missed_this_month=_in_month(self.missed_on, end),
            due_this_month=_in_month(self._due_dates, end),
            owed_fen=ledger.owed,
            under_agreement=ledger.agreement is not None,
        )

    def _end_month_of_loans(self, end: date) -> None:
        ledger = self.ledger
        parts, missed = ledger.by_loan(), self._missed(ledger.demands(), end)
        for each in ledger.loans.loans if ledger.loans is not None else ():
            part, told = parts[each.plan_id], self._of(each.plan_id)
            own = _of_those(missed, part.minima)
            told.months.append(
                MonthEnd(
                    **_demanded(part.minima, own, end),
                    dpd=_days_late(own, end),
                    missed_this_month=_in_month(told.missed_on, end),
                    due_this_month=_in_month(told.due_dates, end),
                    owed_fen=part.owed,
                    under_agreement=ledger.agreement is not None
                    and self._is_of(ledger.agreement.plan_id, each.plan_id),
                    paid_on=each.paid_on,
                    paid_fen=each.paid_fen,
                )
            )

    def _is_of(self, agreement_id: str, plan_id: str) -> bool:
        loans = self.ledger.loans
        return loans is not None and plan_id in loans_of(loans, agreement_id)

    def _missed(self, demands: Iterable[UnpaidMinimum], day: date) -> list[UnpaidMinimum]:
        ledger = self.ledger
        tolerance = ledger.terms.tolerance
        return [
            each
            for each in demands
            if each.statement_no == 0 or (each.amount_fen > tolerance and ledger.test_date(each.due_date) <= day)
        ]


@dataclass(slots=True)
class _OfLoan:
    """What is remembered of one loan on the way, as it is of the account."""

    due_dates: list[date] = field(default_factory=list)
    missed_on: list[date] = field(default_factory=list)
    paid_off: list[PaidOff] = field(default_factory=list)
    months: list[MonthEnd] = field(default_factory=list)


def _in_month(days: Iterable[date], end: date) -> bool:
    return any((day.year, day.month) == (end.year, end.month) for day in days)


def _days_late(missed: list[UnpaidMinimum], day: date) -> int:
    return max(0, days_between(missed[0].due_date, day)) if missed else 0


def _demanded(demands: tuple[UnpaidMinimum, ...], missed: list[UnpaidMinimum], end: date) -> dict[str, Any]:
    return {
        "month_end": end,
        "past_due_30_fen": sum(each.amount_fen for each in missed if days_between(each.due_date, end) >= 30),
        "unpaid_minima": demands,
        "oldest_missed_due": missed[0].due_date if missed else None,
    }


def _of_those(missed: list[UnpaidMinimum], own: tuple[UnpaidMinimum, ...]) -> list[UnpaidMinimum]:
    """A loan's parts of minima that are missed; what is tolerated is so much of the whole minimum."""
    numbers = {each.statement_no for each in missed}
    return [each for each in own if each.statement_no in numbers]
