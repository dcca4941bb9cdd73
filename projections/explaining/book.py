"""What an account owes, with who caused it: amounts, unpaid purchases, demands, and the balances that bear interest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from domain.calendar import days_between
from domain.events import AccountOpened
from domain.money import (
    BILLED_BUCKETS,
    BUCKETS,
    PLANNED_BUCKETS,
    PRINCIPAL_BUCKETS,
    UNBILLED_BUCKETS,
    Bucket,
)
from domain.terms import Terms
from projections.explaining.curve import Curve
from projections.explaining.pieces import AtRate, ComingTerms, Demand, Died, Hold, Lost, Lowered, Purchase
from projections.explaining.plans import BillDays, Plan
from projections.explaining.schedules import Coming
from projections.explaining.steps import Told


@dataclass(slots=True)
class Book:
    """One account, reckoned again; `day` is the day that it has reached."""

    terms: Terms
    opened: Told
    day: date
    bill_days: BillDays
    limit: int = 0
    limit_told: Told | None = None
    # What is open of the limit that is reserved, and what ended holds since nothing was reserved last.
    holds: dict[str, Hold] = field(default_factory=dict)
    released: list[Told] = field(default_factory=list)
    amounts: dict[Bucket, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    purchases: dict[str, Purchase] = field(default_factory=dict)
    # What is paid in instalments, the oldest plan first; a plan that is over is gone.
    plans: dict[str, Plan] = field(default_factory=dict)
    demands: list[Demand] = field(default_factory=list)
    # The due dates whose tests have not come yet; loans may have several.
    untested: list[date] = field(default_factory=list)
    lost: Lost | None = None
    died: Died | None = None
    bearing: Curve = field(default_factory=Curve)
    # What of it was at rates in force before, the day the rate changed last with the rate before it, and what comes.
    earlier: list[AtRate] = field(default_factory=list)
    rate_before: tuple[date, Decimal] | None = None
    coming: ComingTerms | None = None
    principal: Curve = field(default_factory=Curve)
    # What was posted of it by days; and all charges that count under the cap, instalments' interest included.
    interest_posted: int = 0
    charged: int = 0
    waived: int = 0
    # What changed each amount since it was last nothing, what was charged since the last statement, and in all.
    behind: dict[Bucket, list[Told]] = field(default_factory=lambda: {bucket: [] for bucket in BUCKETS})
    new_charges: list[Told] = field(default_factory=list)
    charges: list[Told] = field(default_factory=list)
    # The last posting of interest, or what took its place, and where the account began elsewhere.
    postings: list[Told] = field(default_factory=list)
    waivers: list[Told] = field(default_factory=list)
    migrated: Told | None = None

    @classmethod
    def begun(cls, told: Told, opened: AccountOpened) -> "Book":
        """The book of an application: nothing is owed yet."""
        return cls(opened.terms, told, opened.business_date, BillDays(opened.bill_day))

    # Figures

    @property
    def owed(self) -> int:
        return sum(self.amounts.values()) - self.amounts["credit"]

    @property
    def payable(self) -> int:
        """What is billed, and what the next statement bills."""
        return sum(self.amounts[bucket] for bucket in (*BILLED_BUCKETS, *UNBILLED_BUCKETS))

    @property
    def planned(self) -> int:
        """What is in instalments that are not payable yet, with what they carry."""
        return sum(self.amounts[bucket] for bucket in PLANNED_BUCKETS)

    @property
    def bearing_rate(self) -> Decimal | Fraction:
        """What bearing principal costs a day; of loans the raised rate of a year of 360 days."""
        terms = self.terms
        if not self.lends:
            return terms.daily_rate
        return Fraction(terms.annual_rate) * Fraction(terms.penalty_multiplier) / 360

    @property
    def cap_room(self) -> int:
        """How much all charges by this day may come to: the yearly cap on the principal of each day, rounded down."""
        numerator, denominator = self.terms.cap_annual.as_integer_ratio()
        return numerator * self.principal.fen_days(self.day) // (denominator * 365)

    @property
    def lends(self) -> bool:
        """Whether it is an account of loans."""
        return self.terms.product == "cash_loan"

    @property
    def held(self) -> int:
        return sum(each.left for each in self.holds.values())

    @property
    def demanded(self) -> int:
        """What statements still demand, due or not yet; of charged-off debt all that is not disputed."""
        return self.owed - self.amounts["principal_disputed"] if self.lost else sum(each.left for each in self.demands)

    def test_date(self, due: date) -> date:
        """The day on which a demand due on `due` is found missed."""
        return due + timedelta(days=self.terms.grace_days + 1)

    def missed(self) -> list[Demand]:
        """The demands that were tested and missed, oldest first; charged-off debt is one, all of it."""
        if self.lost is not None:
            whole = Demand(0, self.lost.due, self.demanded, self.demanded, self.lost.told)
            return [whole] if self.demanded else []
        return self._missed()

    def _missed(self) -> list[Demand]:
        tolerance = self.terms.tolerance
        return [each for each in self.demands if each.left > tolerance and self.test_date(each.due) <= self.day]

    def unpaid(self, bucket: Bucket) -> list[Purchase]:
        """The purchases behind a bucket of principal, oldest due date first, then as they were posted."""
        behind = [each for each in self.purchases.values() if each.unpaid and each.bucket == bucket]
        return sorted(behind, key=lambda each: each.due or date.max)

    # Time

    def pass_time(self, to: date) -> None:
        """Reach `to`; what is still unpaid at its due test on the way bears interest, from a day gone by."""
        if self.coming is not None and self.coming.from_date <= to:
            self._reach(self.coming.from_date)
            self._move_to(self.coming)
        self._reach(to)

    def _reach(self, to: date) -> None:
        while self.untested and self.lost is None and self.test_date(self.untested[0]) <= to:
            due = self.untested.pop(0)
            if self.untested:
                self._put_off(due, self.untested[0])
            self._test(due)
        self.day = to

    def _put_off(self, due: date, later: date) -> None:
        """Where loans' statements wait together, principal beyond what the first one demands is due with the next one.

        What paid for the later one's interest is not missed of the first one.
        """
        left = sum(each.left for each in self.demands if each.due == due)
        for name, each in list(self.purchases.items()):
            if each.due == due:
                beyond = each.unpaid - min(left, each.unpaid)
                left -= each.unpaid - beyond
                if beyond == each.unpaid:
                    each.due = later
                elif beyond:
                    each.move(self.day, -beyond, each.told)
                    put_off = Purchase(each.told, due=later, instalment=each.instalment)
                    put_off.move(self.day, beyond, each.told)
                    self.purchases[f"{name}/{later}"] = put_off

    def _move_to(self, coming: ComingTerms) -> None:
        """Other terms hold from today; each day so far keeps the rate that it had."""
        rate, told = self.terms.daily_rate, coming.told
        if coming.terms.daily_rate != rate:
            self.rate_before = (self.day, rate)
            self.earlier.append(AtRate(rate, self.bearing.fen_days(self.day), told))
            self.bearing.restart(self.day, 0, self.bearing.balance, told)
            for each in self.purchases.values():
                own = Curve(self.bearing.until)
                own.carry(each.carried, told)
                for move in each.moves:
                    own.change(*move)
                each.earlier.append(AtRate(rate, own.fen_days(self.day), told))
                each.carried, each.moves = 0, [(self.day, each.unpaid, told)]
        self.terms, self.coming = coming.terms, None

    def _test(self, due: date) -> None:
        of_statement = [each for each in self.purchases.values() if each.due == due and not each.bears]
        left = sum(each.unpaid for each in of_statement)
        from_posting = self.terms.interest_method == "from_posting" and left > self.terms.tolerance
        for each in of_statement:
            each.bears = True
            if from_posting and not each.instalment:
                self.earlier.extend(each.earlier)
                self.bearing.carry(each.carried, each.told)
                for on, delta, told in each.moves:
                    self.bearing.change(on, delta, told)
            else:
                self._bear_from(due, each)
        for demand in self.demands:
            if demand.due == due and 0 < demand.left <= self.terms.tolerance:
                demand.lowered.append(Lowered(demand.left, demand.told, met=True))

    def _bear_from(self, due: date, each: Purchase) -> None:
        """What is unpaid of a purchase bears interest from its due date, each day at the rate of that day."""
        begins = due
        if self.rate_before is not None and due < self.rate_before[0]:
            begins, rate = self.rate_before
            before = Curve(self.bearing.until)
            before.change(due, each.unpaid, each.told)
            self.earlier.append(AtRate(rate, before.fen_days(begins), each.told))
        self.bearing.change(begins, each.unpaid, each.told)

    # What events do

    def hold(self, name: str, amount: int, expires_on: date, told: Told) -> None:
        """Limit is reserved."""
        if not self.holds:
            self.released = []
        self.holds[name] = Hold(told, amount, expires_on)

    def take_from_hold(self, name: str, amount: int, told: Told) -> None:
        """Less is reserved: captured or given back. Where nothing is left of it the hold has ended."""
        held = self.holds.get(name)
        if held is not None and amount:
            held.taken.append((amount, told))
            if not held.left:
                del self.holds[name]
                self.released.append(told)

    def die(self, died: Died | None) -> None:
        """No day from a death on bears interest; where it was a mistake, all do again."""
        self.died = died
        self.bearing.until = died.on if died else None

    def put(self, bucket: Bucket, delta: int, told: Told) -> None:
        """An amount rises or falls; all principal together is counted day by day, for the cap."""
        if not delta:
            return
        if not self.amounts[bucket]:
            self.behind[bucket] = []
        self.behind[bucket].append(told)
        self.amounts[bucket] += delta
        if bucket in PRINCIPAL_BUCKETS:
            self.principal.change(self.day, delta, told)

    def buy(self, name: str, amount: int, told: Told, *, billed: bool = False, instalment: bool = False) -> None:
        """A purchase, or what counts as one; one that is billed at once bears interest at once, but on a due day."""
        if not amount:
            return
        bears = billed and self.lost is None and self.day not in self.untested
        bought = Purchase(told, due=self.day if billed else None, bears=bears, instalment=instalment)
        self.purchases[name] = bought
        bought.move(self.day, amount, told)
        if bears:
            self.bearing.change(self.day, amount, told)
        self.put(bought.bucket, amount, told)

    def bill(self, due: date, demanded: int, told: Told, statement_no: int) -> None:
        """A statement: everything unbilled is billed, and its own minimum is demanded."""
        charges = self.amounts["interest_unbilled"] + self.amounts["fees_unbilled"]
        self._bill_all(due)
        self.demands = [each for each in self.demands if each.left]
        self.demands.append(Demand(statement_no, due, demanded, max(0, demanded - charges), told))
        self.untested.append(due)
        self.new_charges = []

    def _bill_all(self, due: date) -> None:
        """What was unbilled becomes billed, and due on `due`."""
        for each in self.purchases.values():
            if each.due is None and each.unpaid:
                each.due = due
        for unbilled, billed in zip(UNBILLED_BUCKETS, BILLED_BUCKETS, strict=True):
            self.behind[billed] = (self.behind[billed] if self.amounts[billed] else []) + self.behind[unbilled]
            self.amounts[billed] += self.amounts[unbilled]
            self.amounts[unbilled], self.behind[unbilled] = 0, []

    def draw(self, amount: int, told: Told) -> None:
        """Money leaves to the customer, and will fall due as its plan says, which comes next."""
        self.put("principal_planned", amount, told)

    def convert(self, name: str, plan: Plan, statement_no: int, minimum_lowered: int) -> None:
        """Billed principal, the oldest first, becomes a plan, and its statement demands less."""
        told = plan.told
        self._shrink_oldest("principal_billed", plan.left, told, revolving=True)
        self.put("principal_billed", -plan.left, told)
        self.put("principal_planned", plan.left, told)
        self.plans[name] = plan
        for demand in self.demands:
            if demand.statement_no == statement_no and minimum_lowered:
                demand.lowered.append(Lowered(minimum_lowered, told))

    def restructure(self, name: str, plan: Plan, taken: Mapping[Bucket, int]) -> None:
        """What is `taken` becomes one plan: nothing is demanded any more, and no due test comes."""
        self.lower(taken, plan.told)
        self.demands, self.untested, self.new_charges = [], [], []
        self.plans = {name: plan}
        self.put("principal_planned", plan.left, plan.told)
        self.put("interest_planned", plan.carried_interest, plan.told)
        self.put("fees_planned", plan.carried_fees, plan.told)

    def break_plan(self, name: str, statement_no: int, due: date, told: Told) -> None:
        """What was to come of an agreement is billed and demanded with what was missed, all of it due on `due`."""
        plan = self.plans.pop(name, None)
        principal = plan.left if plan else 0
        carried = (plan.carried_interest, plan.carried_fees) if plan else (0, 0)
        self.put("principal_planned", -principal, told)
        self._move(carried[0], of="interest_planned", to="interest_billed", told=told)
        self._move(carried[1], of="fees_planned", to="fees_billed", told=told)
        self._bill_rest(f"plan/{name}/rest", principal, due, told)
        missed = next(each for each in self.demands if each.statement_no == statement_no)
        whole, of_it = missed.left + principal + sum(carried), missed.principal + principal
        rest = [each for each in self.demands if each is not missed]
        self.demands = [Demand(statement_no, due, whole, of_it, told), *rest]

    def _bill_rest(self, name: str, amount: int, due: date, told: Told) -> None:
        if amount:
            rest = self.purchases[name] = Purchase(told, due=due, bears=True, instalment=True)
            rest.move(self.day, amount, told)
            self.bearing.change(self.day, amount, told)
            self.put("principal_billed", amount, told)

    def fall_due(self, name: str, each: Coming, told: Told, *, credit: int = 0) -> None:
        """An instalment becomes payable; credit pays for it at once: the fees it carries, its interest, its principal."""
        carried: tuple[tuple[int, Bucket, Bucket], ...] = (
            (each.carried_fees, "fees_planned", "fees_unbilled"),
            (each.carried_interest, "interest_planned", "interest_unbilled"),
        )
        for amount, planned, unbilled in carried:
            paid = min(amount, credit)
            self._move(amount, of=planned, to=unbilled, told=told)
            self._move(paid, of=unbilled, to="credit", told=told)
            credit -= paid
        self.put("principal_planned", -each.left, told)
        self.put("credit", -credit, told)
        self.buy(name, each.left - credit, told, instalment=True)

    def _move(self, amount: int, of: Bucket, to: Bucket, told: Told) -> None:
        self.put(of, -amount, told)
        self.put(to, -amount if to == "credit" else amount, told)

    def end_plans(self) -> None:
        """Plans of which nothing is left to come are over."""
        self.plans = {name: plan for name, plan in self.plans.items() if plan.owed}

    def take_from_plans(self, purchase: str, amount: int, told: Told) -> None:
        """A refund takes back what of a purchase was converted, out of the newest plan first."""
        for plan in reversed(self.plans.values()):
            amount -= plan.take_back(purchase, amount, told)
        self.end_plans()

    def charge_off(self, told: Told) -> None:
        """All of it is billed and due since the oldest demand that was missed; nothing bears interest any more.

        Plans end: what was planned is due, too.
        """
        first = [*self._missed(), *(each for each in self.demands if each.left)][:1]
        self.lost = Lost(first[0].due if first else self.day, told, tuple(self.demands))
        self.demands = []
        for name, plan in self.plans.items():
            rest = Coming(0, plan.left, carried_interest=plan.carried_interest, carried_fees=plan.carried_fees)
            self.fall_due(f"plan/{name}/rest", rest, told)
        self.plans = {}
        self._bill_all(self.day)
        for each in self.purchases.values():
            self._bear(each, told, bears=False)

    def undo_charge_off(self, told: Told) -> None:
        """What was demanded before is demanded again, as far as it is billed; interest goes on from this day."""
        left = sum(self.amounts[bucket] for bucket in BILLED_BUCKETS)
        lost_on = self.lost.told.event.business_date if self.lost else self.day
        self.demands, self.lost = list(self.lost.before) if self.lost else [], None
        self.untested = [due for due in self.untested if self.test_date(due) > self.day]
        for demand in self.demands:
            gone = max(0, demand.left - left)
            if gone:
                demand.lowered.append(Lowered(gone, told))
            left -= demand.left
        for each in self.purchases.values():
            each.rest(lost_on, self.day, told)
            self._bear(each, told, bears=each.due is not None and each.due not in self.untested)

    def _bear(self, each: Purchase, told: Told, *, bears: bool) -> None:
        if each.bears != bears:
            each.bears = bears
            self.bearing.change(self.day, each.unpaid if bears else -each.unpaid, told)

    def lower(self, applied: Mapping[Bucket, int], told: Told, own: tuple[str, int] = ("", 0)) -> None:
        """Amounts fall; `own` is how much of it is taken from one purchase first. Oldest first in everything."""
        of_purchase = self._shrink_own(*own, told)
        for bucket, amount in applied.items():
            if bucket in {"principal_billed", "principal_unbilled"}:
                self._shrink_oldest(bucket, amount - of_purchase.get(bucket, 0), told)
            self.put(bucket, -amount, told)
        left = sum(applied.get(bucket, 0) for bucket in BILLED_BUCKETS)
        for demand in self.demands:
            part = min(left, demand.left)
            if part:
                demand.lowered.append(Lowered(part, told))
            left -= part

    def _shrink_oldest(self, bucket: Bucket, amount: int, told: Told, *, revolving: bool = False) -> None:
        for each in self.unpaid(bucket):
            part = 0 if revolving and each.instalment else min(amount, each.unpaid)
            self._shrink(each, part, told)
            amount -= part

    def _shrink_own(self, purchase: str, amount: int, told: Told) -> dict[Bucket, int]:
        """Less of one purchase is unpaid, what a dispute posted of it anew included; says how much in which bucket."""
        taken: dict[Bucket, int] = {}
        for name, each in self.purchases.items() if amount else ():
            if name == purchase or name.startswith(f"{purchase}#"):
                part = min(amount, each.unpaid)
                amount -= part
                taken[each.bucket] = taken.get(each.bucket, 0) + part
                self._shrink(each, part, told)
        return taken

    def _shrink(self, each: Purchase, amount: int, told: Told) -> None:
        if amount:
            each.move(self.day, -amount, told)
            if each.bears:
                self.bearing.change(self.day, -amount, told)

    def days_late(self, demand: Demand) -> int:
        """From a demand's due date to the day reached; none before it."""
        return max(0, days_between(demand.due, self.day))
