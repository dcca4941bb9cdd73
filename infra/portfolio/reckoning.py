"""What one account owes, reckoned from what happened to it: charges, minima, disputes, plans, agreements, a loss.

Written from the rulebook and in its order, in the plainest way. It shares no arithmetic with the domain, so that the
two may be compared. Amounts in minor units; dates where the account lives.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from infra.portfolio import loans
from infra.portfolio.plans import Plan

ONE_DAY = timedelta(days=1)
CHARGES_FIRST = ("fees", "interest", "principal")
PRINCIPAL_FIRST = ("principal", "interest", "fees")


class Agreement(NamedTuple):
    """What was agreed: parameters of the terms, by their names; a loan is due so many days after it was billed, too."""

    due_days: int
    grace_days: int
    tolerance: int
    daily_rate: Decimal
    interest_method: str
    minimum_ratio: Decimal
    minimum_floor: int
    late_fee_rate: Decimal
    late_fee_floor: int
    cap_annual: Decimal
    regime_dpd: int
    charge_off_dpd: int
    hold_days: int
    plan_fee: Mapping[int, Decimal]
    product: str
    annual_rate: Decimal
    schedule: str
    penalty_multiplier: Decimal
    early_settlement_fee: Decimal
    cooling_off_days: int

    @property
    def test_after(self) -> timedelta:
        """From the due date to the day on which a minimum is found missed."""
        return timedelta(days=self.grace_days + 1)


class Printed(NamedTuple):
    """What was said on a bill day; a balance of 0 or less, which is credit, was not printed."""

    balance: int
    minimum: int
    own: int


@dataclass(slots=True)
class Item:
    """Some principal: whose it is, when its statement is due, if it bears interest, the sum of its closing balances."""

    of: str  # the purchase, or the payout that turned out too much, or the plan whose instalment it is
    unpaid: int
    due: date | None = None
    instalment: bool = False
    bears: bool = False
    lived: int = 0


@dataclass(slots=True)
class Demand:
    """What is left of a statement's own minimum; `principal` is how much of it was principal when it was said."""

    due: date
    amount: int
    principal: int


@dataclass(slots=True)
class Aside:
    """What an open dispute keeps out of everything else: so much of a purchase was unpaid."""

    of: str
    amount: int


class Anew(NamedTuple):
    """The agreement that is kept so far: its plan, and what the days past due count from when it is broken."""

    plan_id: str
    due: date


@dataclass(slots=True)
class Reckoning:
    """The money of one account on a day whose morning is over: due test, statement, charge-off, order of payment.

    `said` holds what bill days said. Where one is in there already, it is being lived through again: its statement
    stands, and may demand less than it said, but not more. `losses` holds the due date that the days past due count
    from, by the day on which they made the debt a loss. Days up to `again_until` are lived through again: on those a
    charge-off stands where it was made, and none is made.
    """

    agreement: Agreement
    bill_day: int
    day: date
    said: dict[date, Printed]
    losses: dict[date, date]
    again_until: date = date.min
    died_on: date | None = (
        None  # the customer: this day and those after it bear no interest, and no late fee is charged
    )
    lost_since: date | None = None  # the due date that a loss counts its days past due from
    disputes: dict[str, Aside] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    anew: Anew | None = None
    latest_due: date | None = None  # of the latest statement
    untested: list[date] = field(default_factory=list)  # due dates of statements whose due tests have not come
    items: dict[str, Item] = field(default_factory=dict)
    demands: list[Demand] = field(default_factory=list)
    billed_charges: dict[str, int] = field(default_factory=lambda: {"fees": 0, "interest": 0})
    new_charges: dict[str, int] = field(default_factory=lambda: {"fees": 0, "interest": 0})
    credit: int = 0
    fen_days: int = 0  # of what bears interest
    principal_days: int = 0  # of all principal
    interest: int = 0  # posted so far, as the next five are
    plan_interest: int = 0
    late_fees: int = 0
    plan_fees: int = 0
    early_fees: int = 0  # those of the plan fees that are the price of paying early: the cap does not count them
    waived: int = 0
    order: tuple[str, ...] = CHARGES_FIRST

    # Figures

    @property
    def principal(self) -> int:
        return sum(item.unpaid for item in self.items.values()) + self.disputed + self.planned

    @property
    def disputed(self) -> int:
        """What is owed and not demanded, because it is disputed."""
        return sum(aside.amount for aside in self.disputes.values())

    @property
    def planned(self) -> int:
        """What is to be paid in instalments that no statement has shown yet."""
        return sum(plan.left for plan in self.plans.values())

    @property
    def planned_charges(self) -> dict[str, int]:
        """Old fees and old interest that agreements carry, and no statement has shown yet."""
        charges = [plan.old_charges for plan in self.plans.values() if plan.kind == "agreement"]
        return {kind: sum(each[kind] for each in charges) for kind in ("fees", "interest")}

    @property
    def payable(self) -> int:
        """What money pays: neither disputed nor planned."""
        return self.owed - self.disputed - self.planned - sum(self.planned_charges.values())

    @property
    def convertible(self) -> int:
        """What statements showed of purchases and is unpaid: instalments may be made of it."""
        return sum(item.unpaid for item in self._may_be_converted())

    def _may_be_converted(self) -> Iterator[Item]:
        return (item for item in sorted(self.items.values(), key=_due) if item.due and not item.instalment)

    @property
    def billed(self) -> int:
        """What statements showed and is unpaid."""
        return sum(self.billed_charges.values()) + self._principal_of(billed=True)

    @property
    def owed(self) -> int:
        charges = (*self.billed_charges.values(), *self.new_charges.values(), *self.planned_charges.values())
        return self.principal + sum(charges)

    @property
    def balance(self) -> int:
        """Owed less credit."""
        return self.owed - self.credit

    @property
    def minimum(self) -> int:
        """What is left of all minima, due or not yet; of a loss all that is not disputed."""
        if self.lost_since is not None:
            return self.owed - self.disputed
        return sum(demand.amount for demand in self.demands)

    @property
    def days_late(self) -> int:
        """Days past the oldest due date whose minimum was tested and missed; 0 when none is. Of a loss they go on."""
        if self.lost_since is not None:
            return max(0, (self.day - self.lost_since).days) if self.minimum else 0
        return max(((self.day - each.due).days for each in self.demands if self._missed(each)), default=0)

    @property
    def accrued(self) -> int:
        """Interest that is not posted yet."""
        return _rounded(self.agreement.daily_rate * self.fen_days) - self.interest

    @property
    def over_the_cap(self) -> int:
        room = int(Fraction(self.agreement.cap_annual) * self.principal_days / 365)
        charged = self.interest + self.plan_interest + self.late_fees + self.plan_fees - self.early_fees
        return max(0, charged - self.waived - room)

    @property
    def is_clear(self) -> bool:
        """Nobody owes anybody anything, or will by what has happened so far."""
        return not (self.owed or self.credit or self.accrued > 0 or self.over_the_cap)

    def _missed(self, demand: Demand) -> bool:
        return demand.amount > self.agreement.tolerance and demand.due + self.agreement.test_after <= self.day

    def _principal_of(self, *, billed: bool) -> int:
        return sum(item.unpaid for item in self.items.values() if (item.due is not None) == billed)

    # Time

    def reach(self, day: date) -> None:
        """Live up to the morning of `day`. Nothing happens between mornings that matter, so it sleeps till then."""
        while self.day < day:
            if self.anew and self.anew.plan_id not in self.plans and not self.untested:
                self.anew = None  # credit paid its last instalment, so no statement is to be tested
            until = min(day, self._next_morning())
            self._sleep((until - self.day).days)
            self.day = until
            if self.lost_since is not None:
                continue
            self._test()
            self._read_order()
            billed = self._next_bill_day(self.day - ONE_DAY) == self.day
            if billed:
                self._fall_due()
            if billed or self.day in self.said:
                self._bill()
                self._read_order()
            broken = self._broken()
            if self._becomes_a_loss():
                self.charge_off(self.losses.setdefault(self.day, self.oldest_due))
            elif broken:
                self._break(*broken)

    def _next_morning(self) -> date:
        """The next bill day, or the next due test or charge-off before it; of a loss nothing comes by itself."""
        if self.lost_since is not None:
            return date.max
        mornings = [due + self.agreement.test_after for due in self.untested]
        mornings += self.losses
        if self.day < self.again_until:
            mornings += self.said
        mornings = [day for day in mornings if day > self.day]
        mornings += [self._next_bill_day(self.day)]
        if late := self.days_late:
            mornings += [self.day + max(ONE_DAY, timedelta(self.agreement.charge_off_dpd - late))]
        return min(mornings)

    def _next_bill_day(self, after: date) -> date:
        """The first bill day after a date; date.max where none comes."""
        return next(bill_days(after, self.bill_day))

    def _becomes_a_loss(self) -> bool:
        if self.day <= self.again_until:
            return self.day in self.losses
        return self.days_late >= self.agreement.charge_off_dpd

    @property
    def oldest_due(self) -> date:
        """What the days past due count from: the oldest missed minimum, else the oldest there is, else today."""
        return min(
            [demand.due for demand in self.demands if self._missed(demand)]
            or [demand.due for demand in self.demands]
            or [self.day]
        )

    def _sleep(self, days: int) -> None:
        """Count the closing balances of `days` days."""
        self.principal_days += self.principal * days
        bearing = self._days_alive(self.day, days)
        for item in self.items.values():
            item.lived += item.unpaid * bearing
            if item.bears:
                self.fen_days += item.unpaid * bearing

    def _days_alive(self, first: date, days: int) -> int:
        """How many of the `days` days from the `first` on were before the customer's death."""
        return days if self.died_on is None else max(0, min(days, (self.died_on - first).days))

    def _test(self) -> None:
        """The due test: what is unpaid begins to bear interest; a missed minimum costs its late fee."""
        agreed = self.agreement
        due = self.day - agreed.test_after
        if due in self.untested[:1] and len(self.untested) > 1:
            self._put_off(due, self.untested[1])
        tested = [item for item in self.items.values() if item.due == due]
        left = sum(item.unpaid for item in tested)
        if agreed.interest_method == "from_posting" and left > agreed.tolerance:
            self.fen_days += sum(item.lived for item in tested if not item.instalment)
            left = sum(item.unpaid for item in tested if item.instalment)
        self.fen_days += left * self._days_alive(due, agreed.test_after.days)
        for item in tested:
            item.bears = True
        self.demands = [each for each in self.demands if each.due != due or each.amount > agreed.tolerance]
        for demand in self.demands:
            if demand.due == due and self._alive_on(self.day):
                base = min(demand.amount, demand.principal, self._principal_of(billed=True))
                fee = min(base, max(agreed.late_fee_floor, _rounded(agreed.late_fee_rate * base)))
                self.new_charges["fees"] += fee
                self.late_fees += fee
        if due in self.untested:
            self.untested.remove(due)
            over = self.anew is not None and self.anew.plan_id not in self.plans
            if over and not any(demand.due == due for demand in self.demands):
                self.anew = None  # its last instalment was paid

    def _put_off(self, due: date, later: date) -> None:
        """Two statements wait together, and money paid interest of the later one before principal of this: that is in time.

        Of this one only what it still demands is missed; principal beyond that is due with the later one.
        """
        demanded = sum(demand.amount for demand in self.demands if demand.due == due)
        for name, item in list(self.items.items()):
            if item.due == due:
                kept = min(demanded, item.unpaid)
                demanded -= kept
                if kept < item.unpaid:
                    self.items[f"{name} due {later}"] = replace(item, unpaid=item.unpaid - kept, due=later)
                    item.unpaid = kept

    def _alive_on(self, day: date) -> bool:
        """Whether fees may be charged on that day: the customer had not died before it."""
        return self.died_on is None or day <= self.died_on

    def _read_order(self) -> None:
        late = self.lost_since is not None or self.days_late >= self.agreement.regime_dpd
        self.order = PRINCIPAL_FIRST if late else CHARGES_FIRST

    def _fall_due(self) -> None:
        """A bill day: instalments are owed with what they cost; interest is posted, the cap seen to, credit used."""
        for plan_id, plan in list(self.plans.items()):
            if self._falls_due(plan):
                self._owe_next_of(plan_id)
        self.post()

    def _falls_due(self, plan: Plan) -> bool:
        """Whether the next instalment is billed today: one without a date of its own comes with every statement."""
        due = plan.instalments[0].due
        return due is None or due == self.day + timedelta(days=self.agreement.due_days)

    def _bill(self) -> None:
        """Say what is owed and demanded; of a day that is lived through again it was said, or not."""
        if self.day not in self.said and self.day <= self.again_until:
            return
        charges = sum(self.new_charges.values())
        new = charges + sum(item.unpaid for item in self.items.values() if item.instalment and not item.due)
        forward, shown = self.minimum, self.payable
        rest = max(0, shown - forward - new)
        minimum = min(shown, max(self.agreement.minimum_floor, forward + new + self._share_of(rest)))
        said = self.said.setdefault(self.day, Printed(shown - self.credit, minimum, minimum - forward))
        if said.balance <= 0:
            return
        own = min(max(0, minimum - forward), max(said.own, said.minimum - forward))
        self.latest_due = self.day + timedelta(days=self.agreement.due_days)
        self._show(self.latest_due)
        self.untested.append(self.latest_due)
        if own:
            self.demands.append(Demand(self.latest_due, own, max(0, own - charges)))

    def _share_of(self, principal: int) -> int:
        """So much of it a statement demands."""
        return int((self.agreement.minimum_ratio * principal).to_integral_value(ROUND_CEILING))

    def _owe_next_of(self, plan_id: str) -> None:
        """The next instalment of a plan is owed now, and what it costs and carries."""
        plan = self.plans.pop(plan_id)
        following = plan.instalments[0]
        self._charge_for_plan(following.fee)
        self._charge_interest_of(plan, following.interest)
        self.new_charges["fees"] += following.old_fees
        self.new_charges["interest"] += following.old_interest
        left = plan.without_next()
        self.items[f"{plan_id} less {left.left}"] = Item(plan_id, following.principal, instalment=True)
        if not left.is_over:
            self.plans[plan_id] = left

    def _charge_for_plan(self, fee: int, *, early: bool = False) -> None:
        if self._alive_on(self.day):
            self.new_charges["fees"] += fee
            self.plan_fees += fee
            self.early_fees += fee if early else 0

    def _charge_interest_of(self, plan: Plan, amount: int, principal: int | None = None) -> None:
        """So much of a plan's next interest; once the customer has died no more than had run up by then on the principal."""
        if self.died_on is not None and self.day > self.died_on:
            dated = plan.instalments[0].due is not None
            bearing = plan.left if principal is None else principal
            amount = min(amount, self._run_up_of(plan, bearing, self.died_on) if dated else 0)
        self.new_charges["interest"] += amount
        self.plan_interest += amount

    def _run_up_of(self, plan: Plan, principal: int, day: date) -> int:
        """What of a plan's next interest has run up by `day`."""
        if plan.instalments[0].due is None:
            return plan.share_by(day, self._cycle_of(day), plan.instalments[0].interest)
        return loans.run_up(plan, principal, day)

    def _cycle_of(self, day: date) -> tuple[date, date]:
        """From the bill day on or before a date to the one after it."""
        following = next(bill_days(day, self.bill_day))
        return (following.replace(day=1) - ONE_DAY).replace(day=self.bill_day), following

    def _broken(self) -> tuple[Anew, Demand] | None:
        """The agreement of which an instalment is found missed today, and what is left of that."""
        tested = self.day - self.agreement.test_after
        missed = next((each for each in self.demands if each.due == tested), None)
        return (self.anew, missed) if self.anew and missed else None

    def _break(self, anew: Anew, missed: Demand) -> None:
        """All of an agreement is billed with what was missed, and due since before it; it bears interest from today."""
        self.anew = None
        plan = self.plans.pop(anew.plan_id, None)
        if plan is not None:
            for kind, amount in plan.old_charges.items():
                self.billed_charges[kind] += amount
            missed.amount += plan.left + sum(plan.old_charges.values())
            missed.principal += plan.left
            self.items[f"{anew.plan_id} broken"] = Item(anew.plan_id, plan.left, anew.due, instalment=True, bears=True)
        missed.due = anew.due
        self.demands = [missed, *(each for each in self.demands if each is not missed)]

    def _show(self, due: date) -> None:
        """Everything that is new becomes billed, with this due date."""
        for kind in self.new_charges:
            self.billed_charges[kind] += self.new_charges[kind]
            self.new_charges[kind] = 0
        self.items = {name: item for name, item in self.items.items() if item.unpaid or (item.due and not item.bears)}
        for item in self.items.values():
            item.due = item.due or due

    def charge_off(self, due: date) -> None:
        """It is a loss since `due`: posted and capped a last time, all but what is disputed billed; nothing grows.

        What was to be paid in instalments is owed at once, and no more fees for it.
        """
        self.post_all()
        for plan_id, plan in self.plans.items():
            self.items[plan_id] = Item(plan_id, plan.left)
            for kind, amount in plan.old_charges.items():
                self.new_charges[kind] += amount
        self.plans, self.anew = {}, None
        self._show(self.day)
        for item in self.items.values():
            item.bears = False
        self.demands = []
        self.lost_since = due
        self._read_order()
        self._use_credit()

    def post_all(self) -> None:
        """Everything that has run up becomes payable, that of plans too, as `post` has it."""
        for plan in self.plans.values():
            if plan.kind != "conversion":
                self._charge_interest_of(plan, self._run_up_of(plan, plan.left, self.day))
        self.post()

    def post(self) -> None:
        """Interest becomes payable; what exceeds the cap is given up; credit pays what it can."""
        self._post_interest()
        self._give_up_what_is_over_the_cap()
        self._use_credit()

    def _post_interest(self) -> None:
        accrued = max(0, self.accrued)
        self.new_charges["interest"] += accrued
        self.interest += accrued

    def _give_up_what_is_over_the_cap(self) -> None:
        over = self.over_the_cap
        self.waived += over
        for kind in self.new_charges:  # fees first
            part = min(over, self.new_charges[kind])
            self.new_charges[kind] -= part
            over -= part
        self.credit += over

    def _use_credit(self) -> None:
        money, self.credit = self.credit, 0
        self.pay(money)

    # What happens

    def buy(self, purchase_id: str, amount: int) -> None:
        """New principal, which credit pays as far as it reaches."""
        self._owe(Item(purchase_id, amount), purchase_id)

    def _owe(self, item: Item, name: str) -> None:
        paid = min(self.credit, item.unpaid)
        self.credit -= paid
        item.unpaid -= paid
        if item.unpaid:
            self.items[name] = item

    def receive(self, amount: int) -> None:
        """A payment."""
        self.pay(amount)

    def pay(self, amount: int) -> None:
        """Money pays what is payable; what is left of it is credit."""
        self.credit += self._spend(amount)

    def _spend(self, amount: int) -> int:
        """Money pays billed before unbilled, in the order of this morning; says what is left of it."""
        for billed, charges in ((True, self.billed_charges), (False, self.new_charges)):
            for kind in self.order:
                if kind == "principal":
                    part = min(amount, self._principal_of(billed=billed))
                    self._take_oldest(part, billed=billed)
                else:
                    part = min(amount, charges[kind])
                    charges[kind] -= part
                if billed:
                    self._lower_demands(part)
                amount -= part
        return amount

    def give_back(self, purchase_id: str, amount: int) -> None:
        """What is disputed of the purchase shrinks first, then what else is unpaid of it, then what of it is planned.

        The newest plan is the first, and the rest pays like money.
        """
        for aside in self.disputes.values():
            if aside.of == purchase_id:
                part = min(amount, aside.amount)
                aside.amount -= part
                amount -= part
        amount -= self._take_of(purchase_id, amount)
        for plan_id, plan in reversed(list(self.plans.items())):
            if part := min(amount, plan.reachable(purchase_id)):
                self.plans[plan_id] = plan.less(purchase_id, part)
                amount -= part
        self.plans = {plan_id: plan for plan_id, plan in self.plans.items() if not plan.is_over}
        self.pay(amount)

    def convert(self, plan_id: str, plan: Plan) -> None:
        """So much of what statements showed is planned, the oldest first; if there is less, the rest pays like money."""
        amount, share = plan.left, self._share_of(plan.left)
        for item in self._may_be_converted():
            part = min(amount, item.unpaid)
            item.unpaid -= part
            amount -= part
        self.plans[plan_id] = plan
        for demand in self.demands:
            if demand.due == self.latest_due:
                demand.amount = max(0, demand.amount - max(share, self.minimum - self.billed))
        self._lower_demands(max(0, self.minimum - self.billed))
        self.pay(amount)

    def oldest(self, amount: int) -> dict[str, int]:
        """Of which purchases a plan of `amount` would be made, and how much of each."""
        parts: dict[str, int] = {}
        for item in self._may_be_converted():
            if part := min(amount, item.unpaid):
                parts[item.of] = parts.get(item.of, 0) + part
                amount -= part
        return parts

    def draw(self, plan_id: str, plan: Plan) -> None:
        """Money leaves to the customer, to be repaid as planned."""
        self.plans[plan_id] = plan

    def to_settle(self, plan_id: str, day: date) -> int:
        """What takes a plan to its end on `day`, if nothing happens until then."""
        plan = self.plans[plan_id]
        if plan.kind != "conversion":
            return self.to_prepay(plan_id, plan.left, day) + sum(plan.old_charges.values())
        return plan.left + self._fee_run_up(plan, day)

    def to_prepay(self, plan_id: str, principal: int, day: date) -> int:
        """What it takes to pay so much of a loan on `day`, if nothing happens until then."""
        then = deepcopy(self)
        then.reach(day)
        then.charge_early(then.plans[plan_id], principal)
        return then.payable + principal

    def _fee_run_up(self, plan: Plan, day: date) -> int:
        return plan.share_by(day, self._cycle_of(day), plan.instalments[0].fee) if self._alive_on(day) else 0

    def charge_early(self, plan: Plan, principal: int) -> None:
        """So much of a loan or an agreement is to be paid early: what has run up, and the price, which credit does not pay."""
        self._post_interest()
        self._charge_interest_of(plan, self._run_up_of(plan, principal, self.day), principal)
        self._use_credit()
        if plan.kind == "loan" and (self.day - plan.made_on).days > self.agreement.cooling_off_days:
            self._charge_for_plan(_rounded(self.agreement.early_settlement_fee * principal), early=True)
        if self.over_the_cap:
            self._give_up_what_is_over_the_cap()
            self._use_credit()

    def settle(self, plan_id: str, amount: int) -> None:
        """Money for the end of a plan, and what is too much pays like any; what it does not reach is owed as if bought today.

        Of a conversion it pays the principal first, then the fee of the days; of any other everything payable comes first.
        """
        plan = self.plans.get(plan_id)
        if self.anew and self.anew.plan_id == plan_id:
            self.anew = None
        if plan and plan.kind != "conversion":
            self.charge_early(plan, plan.left)
            left = self._spend(amount)
            del self.plans[plan_id]
            part = min(left, plan.left)
            left -= part
            if part < plan.left:
                self.items[f"{plan_id} unsettled"] = Item(plan_id, plan.left - part)
            for kind in ("interest", "fees"):
                paid = min(left, plan.old_charges[kind])
                left -= paid
                self.new_charges[kind] += plan.old_charges[kind] - paid
            self.credit += left
        else:
            self._settle_conversion(plan_id, amount)
        self._use_credit()

    def _settle_conversion(self, plan_id: str, amount: int) -> None:
        plan = self.plans.pop(plan_id, None)
        if plan:
            fee = self._fee_run_up(plan, self.day)
            self._charge_for_plan(fee)
            short = max(0, plan.left - amount)
            amount = max(0, amount - plan.left)
            part = min(amount, fee)
            self.new_charges["fees"] -= part
            amount -= part
            self._owe(Item(plan_id, short), f"{plan_id} unsettled")
        self.pay(amount)

    def prepay(self, plan_id: str, principal: int, amount: int) -> None:
        """Money for so much of a loan before it is due, everything payable first; the rest of the loan is spread anew."""
        plan = self.plans.get(plan_id)
        if plan:
            principal = min(principal, plan.left)
            self.charge_early(plan, principal)
            amount = self._spend(amount)
            part = min(amount, principal)
            amount -= part
            if part == plan.left:
                del self.plans[plan_id]
            else:
                self.plans[plan_id] = loans.prepaid(plan, part)
        self.pay(amount)

    def to_agree_on(self) -> tuple[dict[str, int], dict[str, int]]:
        """What an agreement made now would be on: by kind, and of which purchases."""
        then = deepcopy(self)
        then.post_all()
        owed = {kind: then.billed_charges[kind] + then.new_charges[kind] for kind in ("fees", "interest")}
        owed = {kind: amount + then.planned_charges[kind] for kind, amount in owed.items()}
        of: dict[str, int] = {}
        for item in then.items.values():
            if item.unpaid and not item.instalment:
                of[item.of] = of.get(item.of, 0) + item.unpaid
        for plan in then.plans.values():
            for purchase_id in plan.converted:
                of[purchase_id] = of.get(purchase_id, 0) + plan.reachable(purchase_id)
        return owed | {"principal": then.principal - then.disputed}, {
            name: amount for name, amount in of.items() if amount
        }

    def agree(self, plan_id: str, plan: Plan) -> None:
        """All that is owed becomes one plan, as it was made: if there is less, the rest pays like money.

        What there is more is owed as if bought today, though credit may pay it. Nothing is demanded any more, and nothing
        tested.
        """
        self.post_all()
        due, beyond = self.oldest_due, 0
        for kind, planned in {"principal": plan.left, **plan.old_charges}.items():
            left = planned
            for billed, charges in ((True, self.billed_charges), (False, self.new_charges)):
                if kind == "principal":
                    part = min(left, self._principal_of(billed=billed))
                    self._take_oldest(part, billed=billed)
                else:
                    part = min(left, charges[kind])
                    charges[kind] -= part
                left -= part
            before = self.planned if kind == "principal" else self.planned_charges[kind]
            beyond += max(0, left - before)
            more = max(0, before - left)
            if kind == "principal" and more:
                self.items[f"before {plan_id}"] = Item(plan_id, more)
            elif kind != "principal":
                self.new_charges[kind] += more
        self.demands, self.untested = [], []
        self.items = {
            name: Item(item.of, item.unpaid, None, item.instalment) for name, item in self.items.items() if item.unpaid
        }
        for kind, amount in self.billed_charges.items():
            self.new_charges[kind] += amount
            self.billed_charges[kind] = 0
        self.plans, self.anew = {plan_id: plan}, Anew(plan_id, due)
        self.credit += beyond
        self._use_credit()

    def pay_out(self, refund_id: str, amount: int) -> None:
        """Credit leaves; what was paid out beyond it, as was found later, is owed."""
        self._owe(Item(refund_id, amount), refund_id)

    def dispute(self, dispute_id: str, purchase_id: str, amount: int) -> None:
        """As much as is unpaid of what is disputed is set aside: not billed, not demanded, without interest."""
        self.disputes[dispute_id] = Aside(purchase_id, self._take_of(purchase_id, amount))

    def reject(self, dispute_id: str) -> None:
        """What was set aside is owed again, as if bought today; of a loss it is billed at once."""
        aside = self.disputes.pop(dispute_id)
        due = None if self.lost_since is None else self.day
        self._owe(Item(aside.of, aside.amount, due), f"{aside.of} after {dispute_id}")

    def forgive(self, kind: str, amount: int) -> None:
        """So much of the fees, of the interest or of the principal is given up, what is billed first."""
        for billed, charges in ((True, self.billed_charges), (False, self.new_charges)):
            if kind == "principal":
                part = min(amount, self._principal_of(billed=billed))
                self._take_oldest(part, billed=billed)
            else:
                part = min(amount, charges[kind])
                charges[kind] -= part
                self.waived += part
            if billed:
                self._lower_demands(part)
            amount -= part

    def _take_of(self, purchase_id: str, amount: int) -> int:
        """Less of one purchase is unpaid, at most by `amount`; says by how much."""
        taken = 0
        for item in self.items.values():
            if item.of == purchase_id:
                part = min(amount - taken, item.unpaid)
                item.unpaid -= part
                taken += part
                if item.due:
                    self._lower_demands(part)
        return taken

    def _take_oldest(self, amount: int, *, billed: bool) -> None:
        for item in sorted(self.items.values(), key=_due):
            if (item.due is not None) == billed:
                part = min(amount, item.unpaid)
                item.unpaid -= part
                amount -= part

    def _lower_demands(self, amount: int) -> None:
        for demand in self.demands:
            part = min(amount, demand.amount)
            demand.amount -= part
            amount -= part
        self.demands = [demand for demand in self.demands if demand.amount]


def _due(item: Item) -> date:
    return item.due or date.max


def _rounded(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


def bill_days(after: date, bill_day: int) -> Iterator[date]:
    """The bill days strictly after a date, in order; `bill_day` is 1 to 28."""
    months = after.year * 12 + after.month - 1
    if after.day >= bill_day:
        months += 1
    while True:
        yield date(months // 12, months % 12 + 1, bill_day)
        months += 1
