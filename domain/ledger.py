"""The ledger: an account's amounts, the purchases behind them, the minima still demanded, and the interest days.

Money only: who may borrow and what anyone calls the account is none of its business. Nothing in here depends on
today: what grows with the calendar (interest days, days past due) is counted when time passes over it, and a
hundred days at once cost the same as one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple, assert_never

from domain import drawdowns
from domain.allocation import Regime, allocate, regime_for, take
from domain.calendar import ONE_DAY, BillDays, add_months, days_between
from domain.events import (
    AccountMigrated,
    AgreementLeft,
    CarriedForward,
    ChargeKind,
    DebtWaived,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    LoansLeft,
    PlanFeePosted,
    PlanLeft,
    RatedDays,
    Restated,
    UnpaidMinimum,
)
from domain.money import (
    BILLED_BUCKETS,
    BUCKETS,
    CHARGE_BUCKETS,
    PLANNED_BUCKETS,
    UNBILLED_BUCKETS,
    WAIVABLE,
    Amounts,
    Bucket,
    DebtKind,
    half_up,
    half_up_sum,
    shared,
)
from domain.plans import due_next, left_of, planned_of, prepaid, principal_left, slice_of, taken_back, without_next
from domain.slices import Layer, SetAside, Slice, at_rate, oldest_due_first, together
from domain.terms import Terms

# Between a purchase's id and the dispute that posted it anew; neither may have it in its name.
_ANEW = "#"
_DISPUTED: Bucket = "principal_disputed"
# Where what a restructured plan carries goes: when an instalment is payable, and when the plan is broken.
_UNBILLED: dict[Bucket, Bucket] = {"interest_planned": "interest_unbilled", "fees_planned": "fees_unbilled"}
_BILLED_OF: dict[Bucket, Bucket] = {
    "principal_planned": "principal_billed",
    "interest_planned": "interest_billed",
    "fees_planned": "fees_billed",
}
_OWN_SLICES: tuple[Bucket, ...] = ("principal_billed", "principal_unbilled")
# What is charged, made payable or given up as the calendar has it.
Charge = InterestPosted | LateFeePosted | PlanFeePosted | InstalmentPosted | DebtWaived


class ComingTerms(NamedTuple):
    """Terms that were agreed and hold from a date that has not come yet."""

    from_date: date
    terms: Terms


class RateBefore(NamedTuple):
    """The daily rate of the days before `until`, when it changed last."""

    until: date
    daily_rate: Decimal


@dataclass(slots=True)
class Ledger:
    """Amounts in minor units; dates are business dates. Changed only while events are folded."""

    terms: Terms
    bill_days: BillDays
    # The counters hold every closing balance up to, but not including, this date.
    business_date: date
    buckets: dict[Bucket, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    # Unpaid purchases in the order they are paid in: by their due dates, and within one as they were posted; of the
    # statement that waits for its due test also those that are paid.
    slices: dict[str, Slice] = field(default_factory=dict)
    # By dispute; those that keep nothing out (it was paid already) included.
    disputes: dict[str, SetAside] = field(default_factory=dict)
    # What is paid in instalments, the oldest plan first: their principal is what is planned. A plan that is over is gone.
    plans: dict[str, PlanLeft] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    statement_no: int = 0
    # The due dates of statements whose due tests have not come yet; the terms of a line see to it that there is at most
    # one. A charge-off lets them wait: there is no test while it stands, but it may be undone before the day.
    untested: tuple[date, ...] = ()
    # The restructuring that is kept so far.
    agreement: AgreementLeft | None = None
    # When the last loan was drawn: where no instalment is to come, what is left of loans is billed monthly from there.
    drawn_on: date | None = None
    # The slices that bear interest today, summed; fen-days of those; fen-days of all principal (for the cap).
    bearing: int = 0
    fen_days: int = 0
    # Fen-days at rates that were in force before; when that last changed, and what terms are to come.
    earlier_days: tuple[RatedDays, ...] = ()
    rate_before: RateBefore | None = None
    coming_terms: ComingTerms | None = None
    principal_fen_days: int = 0
    interest_posted: int = 0
    charges_posted: int = 0
    # Of the charges: fees of plans, and of those what loans cost that were paid early (the cap does not count it);
    # and the interest of loans' instalments.
    plan_fees_posted: int = 0
    settlement_fees_posted: int = 0
    plan_interest_posted: int = 0
    waived: int = 0
    # Once charged off: the due date from which the days past due go on, and the minima, should it be undone.
    charged_off_due: date | None = None
    layers_charged_off: tuple[Layer, ...] = ()
    # The order of payment of this business date, read once, as the day begins.
    regime: Regime = "charges_first"
    # The day the customer died: it and the days after it bear no interest.
    died_on: date | None = None
    # Where money was drawn, whose what is owed is.
    loans: LoansLeft | None = None

    def fork(self) -> "Ledger":
        """A copy that may be changed without this one noticing."""
        twin = Ledger(*_fields_of(self))
        twin.buckets = self.buckets.copy()
        twin.slices = self.slices.copy()
        twin.disputes = self.disputes.copy()
        twin.plans = self.plans.copy()
        return twin

    # What it owes

    @property
    def credit(self) -> int:
        """What we owe the customer."""
        return self.buckets["credit"]

    @property
    def owed(self) -> int:
        """All that is owed, credit not subtracted."""
        return sum(self.buckets.values()) - self.buckets["credit"]

    @property
    def billed(self) -> int:
        """What statements showed and is still unpaid."""
        buckets = self.buckets
        return buckets["principal_billed"] + buckets["interest_billed"] + buckets["fees_billed"]

    @property
    def unbilled(self) -> int:
        """What the next statement adds."""
        buckets = self.buckets
        return buckets["principal_unbilled"] + buckets["interest_unbilled"] + buckets["fees_unbilled"]

    @property
    def disputed(self) -> int:
        """What open disputes keep out of what is billed and demanded."""
        return self.buckets["principal_disputed"]

    @property
    def planned(self) -> int:
        """What is in instalments that are not payable yet; restructured ones carry interest and fees, too."""
        return sum(self.buckets[bucket] for bucket in PLANNED_BUCKETS)

    @property
    def instalments_unbilled(self) -> int:
        """The principal of instalments that became payable and that the next statement demands in full."""
        return sum(each.unpaid for each in self.slices.values() if each.instalment and each.due_date is None)

    @property
    def principal(self) -> int:
        """All principal, in whatever bucket."""
        buckets = self.buckets
        return (
            buckets["principal_billed"]
            + buckets["principal_unbilled"]
            + buckets["principal_planned"]
            + buckets["principal_disputed"]
        )

    @property
    def accrued(self) -> int:
        """Interest of the days before `business_date` that is not posted yet: the running total less what was.

        Of loans it is the penalty on what is overdue; what runs up of an instalment to come is told by its plan.
        """
        rate = self.terms.bearing_rate
        if not self.earlier_days:
            return half_up(rate, self.fen_days) - self.interest_posted
        earlier = ((each.daily_rate, each.fen_days) for each in self.earlier_days)
        return half_up_sum([*earlier, (rate, self.fen_days)]) - self.interest_posted

    @property
    def untested_due(self) -> date | None:
        """The first of the due dates that wait for their tests."""
        return self.untested[0] if self.untested else None

    @property
    def over_cap(self) -> int:
        """By how much interest and fees posted exceed the all-in cap; 0 when they do not."""
        return self._over_cap_by(self.business_date)

    def _over_cap_by(self, day: date) -> int:
        """The same as `day` begins, if nothing happens until then: whatever is owed makes room day by day."""
        fen_days = self.principal_fen_days + self.principal * days_between(self.business_date, day)
        numerator, denominator = self.terms.cap_annual.as_integer_ratio()
        charges = self.charges_posted - self.settlement_fees_posted - self.waived
        return max(0, charges - numerator * fen_days // (denominator * 365))

    # When it is billed

    def bills_on(self, day: date) -> bool:
        """Whether `day`, which is reached, is a bill day: the line's, or that of a loan's next instalment."""
        return self.next_bill_day(day - ONE_DAY) == day

    def next_bill_day(self, after: date) -> date | None:
        """The first bill day strictly after `after`; None where nothing was drawn yet."""
        if self.terms.product == "pay_later":
            return self.bill_days.next_after(after)
        lead = timedelta(days=self.terms.bill_lead_days)
        due_dates = [due_next(plan).due_date for plan in self.plans.values()]
        if due_dates or self.drawn_on is None:
            return min((day for due in due_dates if due is not None and (day := due - lead) > after), default=None)
        months = 12 * (after.year - self.drawn_on.year) + after.month - self.drawn_on.month
        monthly = (add_months(self.drawn_on, months + ahead) - lead for ahead in (0, 1, 2))
        return next(day for day in monthly if day > after)

    def due_date_of(self, bill_day: date) -> date:
        """When a statement of that day is due."""
        terms = self.terms
        return bill_day + timedelta(days=terms.due_days if terms.product == "pay_later" else terms.bill_lead_days)

    # What is demanded

    def test_date(self, due_date: date) -> date:
        """The day on which a minimum due on `due_date` is found missed if it is still unpaid."""
        return due_date + timedelta(days=self.terms.grace_days + 1)

    def missed(self) -> Iterator[Layer]:
        """The minima that were tested, missed, and are still above tolerance; oldest first."""
        if not self.layers:
            return iter(())
        tolerance = self.terms.tolerance
        tested = self.business_date - timedelta(days=self.terms.grace_days + 1)  # due on this day, tested today
        return (each for each in self.layers if each.amount > tolerance and each.due_date <= tested)

    def waiting(self) -> frozenset[date]:
        """The due dates of minima that are unpaid and not tested yet."""
        return frozenset(each.due_date for each in self.layers if self.test_date(each.due_date) > self.business_date)

    def demands(self) -> tuple[UnpaidMinimum, ...]:
        """Every unpaid minimum, oldest first; of charged-off debt all that is owed, due since it was missed."""
        if self.charged_off_due is not None:
            lost = self.minimum_due
            return (UnpaidMinimum(statement_no=0, due_date=self.charged_off_due, amount_fen=lost),) if lost else ()
        return tuple(
            UnpaidMinimum(statement_no=each.statement_no, due_date=each.due_date, amount_fen=each.amount)
            for each in self.layers
        )

    @property
    def minimum_due(self) -> int:
        """What statements still demand, due or not yet; of charged-off debt all that is not disputed."""
        if self.charged_off_due is not None:
            return self.owed - self.disputed
        return sum(layer.amount for layer in self.layers)

    @property
    def arrears(self) -> int:
        """What was demanded and missed; of charged-off debt all that is not disputed."""
        if self.charged_off_due is not None:
            return self.minimum_due
        return sum(layer.amount for layer in self.missed())

    # What each loan has of it

    def by_loan(self) -> dict[str, drawdowns.Part]:
        """What is owed of each loan and demanded of it; together that is all. Empty where nothing was drawn."""
        if self.loans is None:
            return {}
        owed = self._debts(self.loans)
        minima = drawdowns.demanded(self.layers, owed)
        return drawdowns.told_apart(self.loans, owed, minima, is_lost=self.charged_off_due is not None)

    def loans_of(self, due_date: date) -> frozenset[str]:
        """The loans of which a minimum that is due then demands money."""
        return frozenset(
            plan_id
            for plan_id, part in self.by_loan().items()
            if any(each.due_date == due_date for each in part.minima)
        )

    def _debts(self, loans: LoansLeft) -> list[drawdowns.Debt]:
        plans = {plan_id: left_of(plan) for plan_id, plan in self.plans.items()}
        return drawdowns.debts(loans, self.slices, plans, self.buckets)

    def count_payment(self, before: dict[str, drawdowns.Part], on: date, amount: int) -> None:
        """Money of value date `on` was applied: what it paid of each loan, by what they owed `before`."""
        if self.loans is None:
            return
        after = self.by_loan()
        parts = {plan_id: part.owed - after[plan_id].owed for plan_id, part in before.items() if plan_id in after}
        surplus = amount - sum(fen for fen in parts.values() if fen > 0)
        self.loans = drawdowns.paid(self.loans, parts, on, surplus, self.plans)

    @property
    def dpd(self) -> int:
        """Days past due of the oldest missed minimum; 0 when none is missed. Of charged-off debt it goes on."""
        if self.charged_off_due is not None:
            # Booked by decision, it may be a loss before anything was due.
            return max(0, days_between(self.charged_off_due, self.business_date)) if self.minimum_due else 0
        oldest = next(self.missed(), None)
        return days_between(oldest.due_date, self.business_date) if oldest else 0

    def next_event_on(self) -> date | None:
        """The first date on which the calendar alone would post, test or bill something; None when it would not."""
        first: date | None = None
        if self.charged_off_due is not None:
            return None
        bill_day = self.next_bill_day(self.business_date)
        if bill_day is not None and (
            self.billed or self.unbilled or self.plans or self.accrued > 0 or self._over_cap_by(bill_day)
        ):
            first = bill_day
        for layer in self.layers:
            test = self.test_date(layer.due_date)
            if test > self.business_date and layer.amount > self.terms.tolerance and (first is None or test < first):
                first = test
        return first

    # How time passes

    def pass_time(self, to: date) -> None:
        """Count the closing balances of the days before `to`; a due test on the way makes what is unpaid bear.

        A minimum within tolerance is met at its test: it is no longer demanded, though the money stays owed.
        """
        if to == self.business_date:
            return
        coming = self.coming_terms
        if coming is not None and coming.from_date <= to:
            self._reach(coming.from_date)
            self._move_to(coming)
        self._reach(to)

    def _reach(self, to: date) -> None:
        a_new_day = to > self.business_date
        if a_new_day:
            self._end_agreement()  # where credit paid its last instalment, so that no statement of it is to be tested
        while self.untested and self.charged_off_due is None and (test := self.test_date(self.untested[0])) <= to:
            due = self.untested[0]
            self._close_days(test)
            if len(self.untested) > 1:
                self._put_off(due, self.untested[1])
            self._begin_to_bear(due, test)
            self.untested = self.untested[1:]
            if self.terms.tolerance:
                met = self.terms.tolerance
                self.layers = tuple(each for each in self.layers if each.due_date != due or each.amount > met)
            if not self._is_missed(due):
                self._end_agreement()
        self._close_days(to)
        if a_new_day:
            # Whatever is paid or refunded today, and in whatever order, pays as the morning says.
            self.regime = self._regime_of_the_morning()

    def _put_off(self, due: date, later: date) -> None:
        """Loans' statements that wait together: what paid the later one's interest first is not missed of this one.

        The minima know what is left of each; principal beyond that is due with the later statement.
        """
        left = sum(each.amount for each in self.layers if each.due_date == due)
        for name, each in list(self.slices.items()):
            if each.due_date == due:
                kept = min(left, each.unpaid)
                left -= kept
                beyond = each._replace(unpaid=each.unpaid - kept, due_date=later)
                if kept:
                    self.slices[name] = each._replace(unpaid=kept)
                if beyond.unpaid:
                    self.slices[f"{name}/{later}" if kept else name] = beyond
        self.slices = oldest_due_first(self.slices)

    def _end_agreement(self) -> None:
        """It is over when its last instalment was tested; what else was billed since is no part of it."""
        agreed = self.agreement
        if agreed is not None and agreed.plan_id not in self.plans:
            last = agreed.last_due or date.max
            if not any(due <= last for due in self.untested):
                self.agreement = None

    def _is_missed(self, due: date) -> bool:
        return any(each.due_date == due for each in self.layers)

    def _move_to(self, coming: ComingTerms) -> None:
        """Other terms hold from today; each day so far keeps the rate that it had."""
        rate, today = self.terms.daily_rate, coming.from_date
        if coming.terms.daily_rate != rate:  # a loan has none, and its rates stay as they were agreed
            self.rate_before = RateBefore(today, rate)
            self.earlier_days = at_rate(rate, self.fen_days, self.earlier_days)
            self.fen_days = 0
            for name, each in self.slices.items():
                earlier = at_rate(rate, self._counted(each), each.earlier_days)
                self.slices[name] = each._replace(fen_days=0, counted_to=today, earlier_days=earlier)
        self.terms, self.coming_terms = coming.terms, None

    def _regime_of_the_morning(self) -> Regime:
        if self.charged_off_due is not None:
            return "principal_first"
        if not self.layers:  # nothing is demanded, so nothing was missed
            return "charges_first"
        return regime_for(self.dpd, self.terms.regime_dpd)

    def _begin_to_bear(self, due: date, test: date) -> None:
        """What is left of the statement due on `due` bears interest, and the days since the start count at once.

        After the due date: what is unpaid now, from the due date on. From posting: where more than the tolerance is
        left, every purchase of the statement as it stood each day, what was paid of it meanwhile included; instalments
        bear from the due date on all the same.
        """
        of_statement = [(key, each) for key, each in self.slices.items() if each.due_date == due]
        left = from_due = sum(each.unpaid for _, each in of_statement)
        until = self._bearing_until(test)
        if self.terms.interest_method == "from_posting" and left > self.terms.tolerance:
            for _, each in of_statement:
                if not each.instalment:
                    self.fen_days += each.fen_days_by(until)
                    self.earlier_days = together(self.earlier_days, each.earlier_days)
                    from_due -= each.unpaid
        before = self.rate_before
        days_before = max(0, days_between(due, min(before.until, until))) if before else 0
        self.fen_days += from_due * (max(0, days_between(due, until)) - days_before)
        if before and days_before:
            self.earlier_days = at_rate(before.daily_rate, from_due * days_before, self.earlier_days)
        self.bearing += left
        self._bear(of_statement, max(0, days_between(due, until)))
        for key, each in of_statement:
            if not each.unpaid:
                del self.slices[key]

    def _bearing_until(self, day: date) -> date:
        """The day before which days bear interest, of those before `day`: none does once the customer died."""
        return day if self.died_on is None else min(day, self.died_on)

    def _bear(self, slices: Iterable[tuple[str, Slice]], days: int) -> None:
        """Overdue instalments bore penalty for so many days: it will be told whose they are."""
        if self.loans is None or not days:
            return
        fen_days: dict[str, int] = {}
        for name, each in slices:
            plan_id = drawdowns.plan_of(name)
            if plan_id is not None and each.unpaid:
                fen_days[plan_id] = fen_days.get(plan_id, 0) + each.unpaid * days
        if fen_days:
            self.loans = drawdowns.bore(self.loans, fen_days)

    def _close_days(self, to: date) -> None:
        days = days_between(self.business_date, to)
        if days > 0:
            if self.loans is not None and self.bearing:
                overdue = [
                    (name, each)
                    for name, each in self.slices.items()
                    if each.due_date is not None and each.due_date not in self.untested
                ]
                self._bear(overdue, max(0, days_between(self.business_date, self._bearing_until(to))))
            if self.died_on is None:
                self.fen_days += self.bearing * days
            else:
                self.fen_days += self.bearing * max(0, days_between(self.business_date, self._bearing_until(to)))
            self.principal_fen_days += self.principal * days
            self.business_date = to

    # How amounts rise

    def post(self, event: Charge) -> None:
        """What the calendar posts of itself: interest, fees, instalments, what the cap gives up."""
        match event:
            case InterestPosted(kind="plan"):
                self.post_plan_interest(event.amount_fen, event.credit_applied_fen)
            case InterestPosted():
                self.post_interest(event.amount_fen, event.credit_applied_fen)
            case LateFeePosted():
                self.post_late_fee(event.amount_fen)
            case PlanFeePosted():
                self.post_plan_fee(event.amount_fen, event.credit_applied_fen, settlement=event.kind == "settlement")
            case InstalmentPosted():
                self.post_instalment(event.plan_id, event.number, event.credit_applied_fen)
            case DebtWaived():
                self.waive(event.applied, event.refunded_fen, event.credit_applied)
            case _:
                assert_never(event)
        if self.loans is not None:
            self._tell_whose(event, self.loans)

    def _tell_whose(self, event: Charge, loans: LoansLeft) -> None:
        match event:
            case InterestPosted(kind="plan", plan_id=str(plan_id)):
                net = {plan_id: event.amount_fen - event.credit_applied_fen}
                self.loans = drawdowns.charged(loans, "interest", net)
            case InterestPosted():
                self.loans = drawdowns.penalised(loans, event.amount_fen - event.credit_applied_fen)
            case PlanFeePosted():
                net = {event.plan_id: event.amount_fen - event.credit_applied_fen}
                self.loans = drawdowns.charged(loans, "fees", net)
            case LateFeePosted():
                # Of the plans of which the minimum was missed.
                missed = drawdowns.demanded(self.layers, self._debts(loans))
                parts = next((parts for layer, parts in missed if layer.statement_no == event.statement_no), {})
                fees = shared(event.amount_fen, parts or {loans.loans[0].plan_id: 1})
                self.loans = drawdowns.charged(loans, "fees", fees)
            case InstalmentPosted() | DebtWaived():
                pass  # as they were posted

    def purchase(self, purchase_id: str, amount: int, credit_applied: int) -> None:
        """A purchase becomes unbilled principal; credit pays for it at once."""
        self.buckets["principal_unbilled"] += amount - credit_applied
        self.buckets["credit"] -= credit_applied
        if amount > credit_applied:
            self.slices[purchase_id] = Slice(amount - credit_applied, None, 0, self.business_date)

    def post_interest(self, amount: int, credit_applied: int) -> None:
        """Accrued interest becomes payable; credit pays for it at once."""
        self.buckets["interest_unbilled"] += amount - credit_applied
        self.buckets["credit"] -= credit_applied
        self.interest_posted += amount
        self.charges_posted += amount

    def post_plan_interest(self, amount: int, credit_applied: int) -> None:
        """The interest of an instalment, or what has run up of it, becomes payable; credit pays for it at once."""
        self.buckets["interest_unbilled"] += amount - credit_applied
        self.buckets["credit"] -= credit_applied
        self.plan_interest_posted += amount
        self.charges_posted += amount

    def post_late_fee(self, amount: int) -> None:
        """One fee for one missed minimum; it is in no minimum until it is billed."""
        self.buckets["fees_unbilled"] += amount
        self.charges_posted += amount

    def post_plan_fee(self, amount: int, credit_applied: int, *, settlement: bool) -> None:
        """The fee of an instalment, or of paying early, becomes payable; credit pays for it at once."""
        self.buckets["fees_unbilled"] += amount - credit_applied
        self.buckets["credit"] -= credit_applied
        self.charges_posted += amount
        self.plan_fees_posted += amount
        self.settlement_fees_posted += amount if settlement else 0

    def post_instalment(self, plan_id: str, number: int, credit_applied: int) -> None:
        """The principal of a plan's next instalment becomes payable; credit pays for it at once."""
        plan = self.plans[plan_id]
        due, left = due_next(plan), without_next(plan)
        self._replace_plan(plan_id, left)
        if left is None and self.agreement is not None and self.agreement.plan_id == plan_id:
            last_due = self.due_date_of(self.business_date)
            self.agreement = self.agreement.model_copy(update={"last_due": last_due})
        carried: Amounts = {"fees_planned": due.carried_fees_fen, "interest_planned": due.carried_interest_fen}
        for bucket, amount in carried.items():
            paid = min(amount, credit_applied)
            credit_applied -= paid
            self.buckets[bucket] -= amount
            self.buckets[_UNBILLED[bucket]] += amount - paid
            self.buckets["credit"] -= paid
            self._charge(plan_id, bucket, amount - paid)
        self._fall_due(slice_of(plan_id, number), due.principal_fen, credit_applied)

    def _charge(self, plan_id: str, planned: Bucket, amount: int, due_date: date | None = None) -> None:
        """Interest or fees that a plan carried are payable."""
        if self.loans is not None and planned != "principal_planned":
            kind: ChargeKind = "interest" if planned == "interest_planned" else "fees"
            self.loans = drawdowns.charged(self.loans, kind, {plan_id: amount}, due_date)

    def _fall_due(self, name: str, amount: int, credit_applied: int = 0) -> None:
        self.buckets["principal_planned"] -= amount
        self.buckets["principal_unbilled"] += amount - credit_applied
        self.buckets["credit"] -= credit_applied
        if amount > credit_applied:
            self.slices[name] = Slice(amount - credit_applied, None, 0, self.business_date, instalment=True)

    def bill(self, due_date: date, own_minimum: int) -> None:
        """A statement: everything unbilled becomes billed with this due date, and its own minimum is demanded."""
        buckets = self.buckets
        charges = buckets["interest_unbilled"] + buckets["fees_unbilled"]
        for unbilled, billed in zip(UNBILLED_BUCKETS, BILLED_BUCKETS, strict=True):
            buckets[billed] += buckets[unbilled]
            buckets[unbilled] = 0
        for purchase_id, each in self.slices.items():
            if each.due_date is None:
                self.slices[purchase_id] = each._replace(due_date=due_date)
        self.statement_no += 1
        if own_minimum:
            principal = max(0, own_minimum - charges)
            self.layers = (*self.layers, Layer(self.statement_no, due_date, own_minimum, principal))
        self.untested = (*self.untested, due_date)
        if self.loans is not None:
            self.loans = drawdowns.billed(self.loans, due_date)

    def restore(self, reference: str, billed: int, unbilled: int) -> None:
        """Principal is owed again: what a payment that never counted had paid, or what was disputed without reason."""
        self.buckets["principal_billed"] += billed
        self.buckets["principal_unbilled"] += unbilled
        today = self.business_date
        for name, amount, due_date in ((f"{reference}/billed", billed, today), (reference, unbilled, None)):
            if amount:
                already = self.slices.get(name)
                self.slices[name] = Slice(amount + (already.unpaid if already else 0), due_date, 0, today)
        if billed:
            self.slices = oldest_due_first(self.slices)
        # Billed on a due day it waits for the due test with that statement; billed on any other day it bears at once.
        self.bearing += 0 if self.charged_off_due is not None or today in self.untested else billed

    # How part of it is disputed

    def disputable(self, purchase_id: str, amount: int) -> Amounts:
        """What a dispute of `amount` finds unpaid of a purchase, not disputed yet and in no plan, by bucket."""
        unpaid = self.unpaid_of(purchase_id)
        own: Amounts = {bucket: fen for bucket, fen in unpaid.items() if bucket in _OWN_SLICES}
        return take(amount, own)[0]

    def set_aside(self, dispute_id: str, purchase_id: str, taken: Amounts) -> None:
        """What is `taken` of a purchase is neither billed nor demanded, and bears no interest."""
        amount = sum(taken.values())
        self._lower(taken)
        self._shrink_own(purchase_id, amount)
        self.buckets["principal_disputed"] += amount
        self.disputes[dispute_id] = SetAside(purchase_id, amount)

    def drop_dispute(self, dispute_id: str) -> int:
        """The dispute is over, and what it kept out is not owed; says how much that was."""
        amount = self.disputes.pop(dispute_id).amount
        self.buckets["principal_disputed"] -= amount
        return amount

    def reject_dispute(self, dispute_id: str) -> None:
        """What the dispute kept out is owed again, as if bought today; of charged-off debt it is billed at once."""
        purchase_id = self.disputes[dispute_id].purchase_id
        amount = self.drop_dispute(dispute_id)
        paid = min(amount, self.credit)
        self.buckets["credit"] -= paid
        lost = self.charged_off_due is not None
        self.restore(f"{purchase_id}{_ANEW}{dispute_id}", amount - paid if lost else 0, 0 if lost else amount - paid)

    def _shrink_disputes(self, purchase_id: str, amount: int) -> None:
        for name, each in self.disputes.items() if amount else ():
            if each.purchase_id == purchase_id:
                part = min(amount, each.amount)
                amount -= part
                self.disputes[name] = each._replace(amount=each.amount - part)

    # How part of it is paid in instalments

    @property
    def convertible(self) -> int:
        """Billed principal that is in no plan yet: what an instalment plan may be made of."""
        return sum(each.unpaid for each in self.slices.values() if each.due_date is not None and not each.instalment)

    def oldest_billed(self, amount: int) -> dict[str, int]:
        """The purchases that a plan of `amount` is made of, the oldest first, with how much of each."""
        parts: dict[str, int] = {}
        for name, each in self.slices.items():
            part = min(amount, each.unpaid) if each.due_date is not None and not each.instalment else 0
            if part:
                amount -= part
                purchase_id = purchase_of(name)
                parts[purchase_id] = parts.get(purchase_id, 0) + part
        return parts

    def convert(self, plan: PlanLeft, minimum_lowered: int) -> None:
        """Billed principal, the oldest first, becomes a plan; the latest statement demands less.

        A plan stands as it was made: where there is less than its amount to convert, the rest pays like money.
        """
        amount = principal_left(plan)
        converted = min(amount, self.convertible)
        self.buckets["principal_billed"] -= converted
        self.buckets["principal_planned"] += amount
        self._shrink_oldest("principal_billed", converted, revolving=True)
        self.plans[plan.plan_id] = plan
        if minimum_lowered:
            *earlier, latest = self.layers
            left = latest._replace(amount=latest.amount - minimum_lowered)
            self.layers = (*earlier, left) if left.amount else tuple(earlier)
        self._lower_minima(self.minimum_due - self.billed)
        applied, credited = allocate(amount - converted, self.buckets, self.regime)
        self.pay(applied, credited)

    # How it is restructured

    def by_kind(self) -> tuple[int, int, int]:
        """What a restructuring would take: principal, interest, fees; what is disputed stays as it is."""
        buckets = self.buckets
        return (
            buckets["principal_billed"] + buckets["principal_unbilled"] + buckets["principal_planned"],
            buckets["interest_billed"] + buckets["interest_unbilled"] + buckets["interest_planned"],
            buckets["fees_billed"] + buckets["fees_unbilled"] + buckets["fees_planned"],
        )

    def purchases_owed(self) -> dict[str, int]:
        """What is unpaid of each purchase, in plans and out of them, the oldest first."""
        owed: dict[str, int] = {}
        for name, each in self.slices.items():
            if each.unpaid and not each.instalment:
                purchase_id = purchase_of(name)
                owed[purchase_id] = owed.get(purchase_id, 0) + each.unpaid
        for plan in self.plans.values():
            for part in plan.parts:
                most = planned_of(plan, part.purchase_id)
                owed[part.purchase_id] = owed.get(part.purchase_id, 0) + most
        return {name: fen for name, fen in owed.items() if fen}

    def restructurable(self, planned: Amounts) -> Amounts:
        """What a plan of these amounts takes out of each bucket: billed, unbilled, planned before."""
        taken: Amounts = {}
        for bucket, amount in planned.items():
            kind = bucket.removesuffix("_planned")
            own: Amounts = {each: self.buckets[each] for each in BUCKETS if each.startswith(kind) and each != _DISPUTED}
            taken |= take(amount, own)[0]
        return taken

    def restructure(self, plan: PlanLeft, original_due_date: date) -> None:
        """Everything owed becomes one plan; nothing is demanded any more, and nothing bears but what the plan says.

        A plan stands as it was made: where there is less to take than its amounts, the rest pays like money, and becomes
        credit; what there is more is payable, and comes with the next statement as if bought today.
        """
        planned = left_of(plan)
        taken = self.restructurable(planned)
        of_loans = {plan_id: part.owed for plan_id, part in self.by_loan().items()}
        beyond = sum(planned.values()) - sum(taken.values())
        self._shrink_oldest("principal_billed", taken.get("principal_billed", 0))
        self._shrink_oldest("principal_unbilled", taken.get("principal_unbilled", 0))
        for bucket, amount in taken.items():
            self.buckets[bucket] -= amount
        # What old plans had that this one does not take is payable.
        self.restore(slice_of(plan.plan_id, "before"), 0, self.buckets["principal_planned"])
        self.buckets["principal_planned"] = 0
        for bucket, unbilled in _UNBILLED.items():
            self.buckets[unbilled] += self.buckets[bucket]
            self.buckets[bucket] = 0
        if self.loans is not None:
            self.loans = drawdowns.unbilled(drawdowns.lowered(self.loans, taken))
            self.loans = drawdowns.agreed(self.loans, plan.plan_id, of_loans)
        for bucket, amount in planned.items():
            self.buckets[bucket] = amount
        for unbilled, billed in zip(UNBILLED_BUCKETS, BILLED_BUCKETS, strict=True):
            self.buckets[unbilled] += self.buckets[billed]
            self.buckets[billed] = 0
        self.layers, self.untested, self.bearing = (), (), 0
        self.slices = {
            name: each._replace(due_date=None, fen_days=0, counted_to=self.business_date, earlier_days=())
            for name, each in self.slices.items()
            if each.unpaid
        }
        self.plans = {plan.plan_id: plan}
        self.agreement = AgreementLeft(plan_id=plan.plan_id, original_due_date=original_due_date)
        self.drawn_on = plan.made_on
        # Credit from before pays what of that is payable, too.
        applied, left = allocate(self.credit + beyond, self.buckets, self.regime)
        self.pay(applied, left - self.credit)

    def break_plan(self, statement_no: int) -> None:
        """All that was to come of the agreement is billed and due since before it, with the minimum that was missed."""
        if self.agreement is None:
            return
        plan_id, due_date = self.agreement.plan_id, self.agreement.original_due_date
        self.agreement = None
        plan = self.plans.pop(plan_id, None)
        left: Amounts = left_of(plan) if plan is not None else {}
        today, principal = self.business_date, left.get("principal_planned", 0)
        for bucket, amount in left.items():
            self.buckets[bucket] -= amount
            self.buckets[_BILLED_OF[bucket]] += amount
            self._charge(plan_id, bucket, amount, due_date)
        if principal:
            self.slices[slice_of(plan_id, "rest")] = Slice(principal, due_date, 0, today, instalment=True)
            self.slices = oldest_due_first(self.slices)
            self.bearing += principal
        rest = sum(left.values())
        missed = next(each for each in self.layers if each.statement_no == statement_no)
        layer = Layer(statement_no, due_date, missed.amount + rest, missed.principal + principal)
        self.layers = (layer, *(each for each in self.layers if each != missed))

    # How a loan is drawn, and paid early

    def draw(self, plan_id: str, amount: int) -> None:
        """Money leaves to the customer: principal that is due as its plan says, which comes next."""
        owed = {known: part.owed for known, part in self.by_loan().items()}
        self.loans = drawdowns.drawn(self.loans, plan_id, self.business_date, owed)
        self.buckets["principal_planned"] += amount

    def plan_draw(self, plan: PlanLeft) -> None:
        """How what was drawn falls due."""
        self.plans[plan.plan_id] = plan
        self.drawn_on = plan.made_on

    def prepay(self, plan_id: str, applied: Amounts, credited: int) -> None:
        """A part of a plan's principal is paid early, and the rest falls due anew."""
        plan = self.plans.get(plan_id)
        self.pay(applied, credited)
        if plan is not None:
            self._replace_plan(plan_id, prepaid(plan, applied.get("principal_planned", 0)))

    def settle(self, plan_id: str, applied: Amounts, credited: int) -> None:
        """A plan is over before its end, and was paid; what the money did not reach of it is owed like a purchase."""
        plan = self.plans.pop(plan_id, None)
        if self.agreement is not None and self.agreement.plan_id == plan_id:
            self.agreement = None
        self.pay(applied, credited)
        left: Amounts = left_of(plan) if plan else {}
        for bucket, planned in left.items():
            unpaid = planned - applied.get(bucket, 0)
            self.buckets[bucket] -= unpaid
            if bucket == "principal_planned":
                self.restore(slice_of(plan_id, "rest"), 0, unpaid)
            else:
                self.buckets[_UNBILLED[bucket]] += unpaid
                self._charge(plan_id, bucket, unpaid)
        self._spend_credit()

    def _replace_plan(self, plan_id: str, left: PlanLeft | None) -> None:
        if left is None:
            del self.plans[plan_id]
        else:
            self.plans[plan_id] = left

    def _take_from_plans(self, purchase_id: str, amount: int) -> None:
        """A refund takes back what of a purchase was converted, out of the newest plan first."""
        for plan_id, plan in reversed(list(self.plans.items()) if amount else []):
            part = min(amount, planned_of(plan, purchase_id))
            amount -= part
            if part:
                self._replace_plan(plan_id, taken_back(plan, purchase_id, part))

    # How it becomes a loss

    @property
    def oldest_due(self) -> date:
        """The due date from which a charge-off made today counts its days past due on."""
        oldest = next(self.missed(), None) or next(iter(self.layers), None)
        return oldest.due_date if oldest is not None else self.business_date

    def charge_off(self, oldest_due: date) -> None:
        """All but what is disputed is billed and due; nothing bears interest any more, no minimum is demanded.

        Plans end: their principal is due, and credit pays for it at once. Each loan is due since its own oldest minimum.
        """
        due_dates = self._lost_since(oldest_due)
        for plan in self.plans.values():
            for bucket, amount in left_of(plan).items():
                self._charge(plan.plan_id, bucket, amount)
        for plan in self.plans.values():
            self._fall_due(slice_of(plan.plan_id, "rest"), principal_left(plan))
        for bucket, unbilled in _UNBILLED.items():
            self.buckets[unbilled] += self.buckets[bucket]
            self.buckets[bucket] = 0
        self.plans, self.agreement = {}, None
        self.charged_off_due = oldest_due
        self.layers_charged_off, self.layers = self.layers, ()
        for unbilled, billed in zip(UNBILLED_BUCKETS, BILLED_BUCKETS, strict=True):
            self.buckets[billed] += self.buckets[unbilled]
            self.buckets[unbilled] = 0
        today = self.business_date
        self.slices = oldest_due_first(
            {
                purchase_id: each._replace(
                    due_date=each.due_date or today,
                    fen_days=each.fen_days_by(self._bearing_until(today)),
                    counted_to=today,
                )
                for purchase_id, each in self.slices.items()
            }
        )
        self.bearing = 0
        if self.loans is not None:
            self.loans = drawdowns.lost(drawdowns.billed(self.loans, today), due_dates)
        self.regime = self._regime_of_the_morning()
        self._spend_credit()

    def _lost_since(self, oldest_due: date) -> dict[str, date]:
        """Each loan by the due date from which its days past due go on; what is due first, since the loss says."""
        missed = {(each.statement_no, each.due_date) for each in self.missed()}
        since: dict[str, date] = {}
        for plan_id, part in self.by_loan().items():
            own = [each.due_date for each in part.minima if (each.statement_no, each.due_date) in missed]
            own = own or [each.due_date for each in part.minima] or [self.business_date]
            since[plan_id] = oldest_due if own[0] == self.oldest_due else max(oldest_due, own[0])
        return since

    def undo_charge_off(self) -> None:
        """It was an error: the minima return as far as anything billed is left, and interest goes on from today.

        The days in between are never charged. A statement whose due test is still to come waits for it.
        """
        left, layers = self.billed, []
        for layer in self.layers_charged_off:
            part = min(left, layer.amount)
            left -= part
            if part:
                layers.append(layer._replace(amount=part))
        self.layers, self.layers_charged_off, self.charged_off_due = tuple(layers), (), None
        if self.loans is not None:
            self.loans = drawdowns.lost(self.loans, {})
        today = self.business_date
        self.untested = tuple(due for due in self.untested if self.test_date(due) > today)
        self.slices = {
            purchase_id: each._replace(counted_to=today)
            for purchase_id, each in self.slices.items()
            if each.unpaid or each.due_date in self.untested
        }
        self.bearing = sum(
            each.unpaid
            for each in self.slices.values()
            if each.due_date is not None and each.due_date not in self.untested
        )
        self.regime = self._regime_of_the_morning()

    # How it is corrected

    def take_over(self, migrated: AccountMigrated) -> None:
        """Become what the account was elsewhere."""
        self.buckets = {bucket: getattr(migrated.balances, bucket) for bucket in BUCKETS}
        self.statement_no, self.drawn_on = migrated.statement_no, migrated.drawn_on
        self._go_on_with(migrated)
        if self.loans is None and self.terms.product == "cash_loan":
            made = {plan_id: plan.made_on for plan_id, plan in self.plans.items()}
            self.loans = drawdowns.taken_over(made, self.slices, self.layers, self.buckets, migrated.business_date)

    def adopt(self, corrected: Restated) -> None:
        """Become what would have been, as the correction says."""
        for bucket, delta in corrected.deltas.items():
            self.buckets[bucket] += delta
        self._go_on_with(corrected)

    def _go_on_with(self, corrected: CarriedForward) -> None:
        self.slices = {
            each.purchase_id: Slice(
                each.unpaid_fen, each.due_date, each.fen_days, each.counted_to, each.earlier_days, each.instalment
            )
            for each in corrected.purchases_left
        }
        self.plans = {each.plan_id: each for each in corrected.plans_left}
        self.agreement = corrected.agreement
        self.disputes = {
            each.dispute_id: SetAside(each.purchase_id, each.set_aside_fen) for each in corrected.disputes_left
        }
        self.layers, self.layers_charged_off = (
            tuple(Layer(each.statement_no, each.due_date, each.amount_fen, each.principal_fen) for each in minima)
            for minima in (corrected.minima_left, corrected.minima_charged_off)
        )
        first = corrected.untested_due
        self.untested = () if first is None else (first, *corrected.untested_later)
        self.regime = corrected.regime
        self.charged_off_due = corrected.charged_off_due
        counters = corrected.counters
        self.bearing, self.fen_days = counters.bearing_fen, counters.fen_days
        self.earlier_days = counters.earlier_days
        self.principal_fen_days = counters.principal_fen_days
        self.interest_posted, self.charges_posted = counters.interest_posted_fen, counters.charges_posted_fen
        self.plan_fees_posted, self.waived = counters.plan_fees_posted_fen, counters.waived_fen
        self.settlement_fees_posted = counters.settlement_fees_posted_fen
        self.plan_interest_posted = counters.plan_interest_posted_fen
        self.loans = corrected.loans_left

    # How amounts fall

    def pay(self, applied: Amounts, credited: int) -> None:
        """Money pays `applied`, oldest first within a bucket; the rest becomes credit."""
        self._lower(applied)
        self._shrink_oldest("principal_billed", applied.get("principal_billed", 0))
        self._shrink_oldest("principal_unbilled", applied.get("principal_unbilled", 0))
        self.buckets["credit"] += credited

    def unpaid_of(self, purchase_id: str) -> Amounts:
        """What is unpaid of one purchase, in the order in which a refund takes it: disputed, its own, planned."""
        disputed = sum(each.amount for each in self.disputes.values() if each.purchase_id == purchase_id)
        unpaid: Amounts = {"principal_disputed": disputed} if disputed else {}
        for _, each in self._slices_of(purchase_id):
            unpaid[each.bucket] = unpaid.get(each.bucket, 0) + each.unpaid
        planned = sum(planned_of(plan, purchase_id) for plan in self.plans.values())
        return unpaid | {"principal_planned": planned} if planned else unpaid

    def _slices_of(self, purchase_id: str) -> list[tuple[str, Slice]]:
        """Its own slice, and those that a rejected dispute posted anew."""
        own = self.slices.get(purchase_id)
        anew = f"{purchase_id}{_ANEW}"
        found = [(purchase_id, own)] if own is not None else []
        return found + [(name, each) for name, each in self.slices.items() if name.startswith(anew)]

    def refund(self, purchase_id: str, of_purchase: int, applied: Amounts, credited: int) -> None:
        """A purchase shrinks: `of_purchase` of what is its own, the rest of `applied` like a payment, then credit."""
        self._lower(applied)
        disputed, planned = applied.get("principal_disputed", 0), applied.get("principal_planned", 0)
        self._shrink_disputes(purchase_id, disputed)
        self._take_from_plans(purchase_id, planned)
        others = dict(applied)
        for bucket, part in self._shrink_own(purchase_id, of_purchase - disputed - planned).items():
            others[bucket] -= part
        self._shrink_oldest("principal_billed", others.get("principal_billed", 0))
        self._shrink_oldest("principal_unbilled", others.get("principal_unbilled", 0))
        self.buckets["credit"] += credited

    def waive(self, applied: Amounts, refunded: int, credit_applied: Amounts) -> None:
        """Debt is given up; what was paid of it already becomes credit, and credit pays what it can."""
        self.pay(applied, 0)
        self.waived += sum(applied.get(bucket, 0) for bucket in CHARGE_BUCKETS) + refunded
        self.pay(credit_applied, refunded - sum(credit_applied.values()))

    def waivable(self, kind: DebtKind) -> Amounts:
        """What is posted and unpaid of one kind of debt, in the order in which it is given up."""
        return {bucket: self.buckets[bucket] for bucket in WAIVABLE[kind]}

    def amend(self, bucket: Bucket, delta: int) -> None:
        """An officer says that a balance is another one; it never falls below nothing, and credit pays what it can."""
        delta = max(delta, -self.buckets[bucket])
        name = f"correction/{self.business_date}"
        if bucket == "principal_billed" and delta > 0:
            self.restore(name, delta, 0)
        elif bucket == "principal_unbilled" and delta > 0:
            self.restore(name, 0, delta)
        elif bucket == "credit" or delta > 0:
            self.buckets[bucket] += delta
        else:
            self.pay({bucket: -delta}, 0)
        if bucket in CHARGE_BUCKETS:
            self.charges_posted = max(0, self.charges_posted + delta)
        self._spend_credit()

    def _spend_credit(self) -> None:
        applied, left = allocate(self.credit, self.buckets, self.regime)
        self.pay(applied, left - self.credit)

    def pay_out(self, reference: str, amount: int) -> None:
        """Credit leaves to the customer; what was paid out beyond it, as was found later, is owed."""
        from_credit = min(amount, self.buckets["credit"])
        self.buckets["credit"] -= from_credit
        self.restore(f"payout/{reference}", 0, amount - from_credit)

    def _lower(self, applied: Amounts) -> None:
        """Take `applied` out of the buckets; what falls from billed ones lowers the minima, oldest first."""
        for bucket, amount in applied.items():
            self.buckets[bucket] -= amount
        if self.loans is not None:
            self.loans = drawdowns.lowered(self.loans, applied)
        self._lower_minima(sum(applied.get(bucket, 0) for bucket in BILLED_BUCKETS))

    def _lower_minima(self, left: int) -> None:
        if left <= 0 or not self.layers:
            return
        layers = []
        for layer in self.layers:
            part = min(left, layer.amount)
            left -= part
            if part < layer.amount:
                layers.append(layer._replace(amount=layer.amount - part) if part else layer)
        self.layers = tuple(layers)

    def _shrink_oldest(self, bucket: Bucket, amount: int, *, revolving: bool = False) -> None:
        if not amount:
            return
        for purchase_id, each in list(self.slices.items()):
            if each.bucket == bucket and each.unpaid and not (revolving and each.instalment):
                part = min(amount, each.unpaid)
                self._shrink(purchase_id, each, part)
                amount -= part
                if not amount:
                    return

    def _shrink_own(self, purchase_id: str, amount: int) -> Amounts:
        """Less of one purchase is unpaid; says how much less in which bucket."""
        taken: Amounts = {}
        for name, each in self._slices_of(purchase_id) if amount else ():
            part = min(amount, each.unpaid)
            if part:
                amount -= part
                taken[each.bucket] = taken.get(each.bucket, 0) + part
                self._shrink(name, each, part)
        return taken

    def _shrink(self, purchase_id: str, each: Slice, amount: int) -> None:
        billed = each.due_date is not None
        untested = billed and each.due_date in self.untested
        if billed and not untested and self.charged_off_due is None:
            self.bearing -= amount
        # What is paid before its due test may still count from its posting, if the rest of its statement is missed.
        kept = untested and self.terms.interest_method == "from_posting" and not each.instalment
        if amount == each.unpaid and not kept:
            del self.slices[purchase_id]
        else:
            left, counted = each.unpaid - amount, self._counted(each)
            self.slices[purchase_id] = each._replace(unpaid=left, fen_days=counted, counted_to=self.business_date)

    def _counted(self, each: Slice) -> int:
        """Its own fen-days by today; none run up while the debt is a loss."""
        return (
            each.fen_days
            if self.charged_off_due is not None
            else each.fen_days_by(self._bearing_until(self.business_date))
        )


_fields_of = attrgetter(*Ledger.__slots__)


def purchase_of(name: str) -> str:
    """The id of the purchase that a slice of this name is of, or was posted anew of."""
    return name.partition(_ANEW)[0]
