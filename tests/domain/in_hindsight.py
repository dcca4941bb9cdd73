"""A life reckoned as if everybody had always known: section 5.1 of the rulebook, day by day, in the plainest way.

The events are read for their facts alone, each by the day it counts; what they say was charged, paid of what, or
corrected is not looked at. Nothing of the ledger is used.
"""

import copy
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

from domain.events import (
    AccountBilled,
    AccountChargedOff,
    AccountUnfrozen,
    BalancesCorrected,
    CreditRefunded,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    InterestPosted,
    PaymentReceived,
    PaymentReversed,
    PlanCreated,
    PurchasePosted,
    PurchaseRefunded,
    WriteOffUndone,
)
from domain.money import BUCKETS
from tests.domain.by_hand import DAY, Book, Demand, Row, rounded

# A day's facts count in this order, however they were recorded; every other fact counts after what came before it.
_FIRST = {"charge_off": 0, "purchase": 1, "draw": 1, "refund": 2, "payment": 3}
_OF_PAYMENTS = {"payment", "settlement", "prepayment"}


def nearest(amount: Fraction) -> int:
    """The nearest whole number, halves upwards; nothing here is negative."""
    return int(amount + Fraction(1, 2))


def month_of(day: date, number: int) -> date:
    """So many months later, on the same day of the month or the month's last."""
    month = day.month - 1 + number
    year, month = day.year + month // 12, month % 12 + 1
    for number_of_day in range(day.day, 0, -1):
        try:
            return date(year, month, number_of_day)
        except ValueError:
            continue
    raise AssertionError


@dataclass
class Fact:
    """What happened on a day, in the `turn` of that day in which it counts."""

    on: date
    kind: str
    what: Any
    amount: int
    turn: int = 0
    of: Any = ""  # the purchase that a dispute is about, the plan that was made or settled


def facts_of(events):  # noqa: C901, PLR0912, PLR0915 - one case an event
    """The facts behind the events, in the order they count in, and the statements by the day they were issued."""
    facts, printed, left_open, dropped = [], {}, {}, ()

    def note(event, kind, what, amount, on=None, of=""):
        fact = Fact(on or event.business_date, kind, what, amount, of=of)
        today = [each for each in facts if each.on == event.business_date]
        if fact.on == event.business_date and today:
            fact.turn = today[-1].turn + (today[-1].kind not in _FIRST)
        facts.append(fact)

    def take_away(parts, times):
        """What was bought after a death never counted, or does after all."""
        for part in parts:
            for fact in facts:
                if (fact.kind, fact.what) == ("purchase", part.purchase_id):
                    fact.amount -= times * part.amount_fen

    for event in events:
        match event:
            case DeathRecorded():
                dropped = event.dropped
                note(event, "death", "", 0, event.date_of_death)
                take_away(dropped, 1)
            case AccountUnfrozen(reason="deceased"):
                facts = [each for each in facts if each.kind != "death"]
                take_away(dropped, -1)
            case PurchasePosted():
                note(event, "purchase", event.purchase_id, event.amount_fen)
            case PurchaseRefunded():
                note(event, "refund", event.purchase_id, event.amount_fen, event.value_date)
                rest, late = event.amount_fen, event.value_date < event.business_date
                for opened in [each for each in left_open.values() if each.purchase_id == event.purchase_id]:
                    part = min(rest, left_open[opened.dispute_id].amount_fen)
                    rest -= part
                    left_open[opened.dispute_id] = opened.model_copy(update={"amount_fen": opened.amount_fen - part})
                    for fact in facts if late else ():
                        if (fact.kind, fact.what) == ("dispute", opened.dispute_id) and event.value_date <= fact.on:
                            fact.amount -= part  # had it been known, less could have been disputed
            case PaymentReceived():
                kind = "prepayment" if event.prepaid_fen else "settlement" if event.plan_id else "payment"
                payment = (event.channel, event.payment_ref)
                of = (event.plan_id, event.prepaid_fen) if event.prepaid_fen else event.plan_id
                note(event, kind, payment, event.amount_fen, event.value_date, of=of)
            case PaymentReversed():
                payment = (event.channel, event.payment_ref)
                facts = [each for each in facts if each.kind not in _OF_PAYMENTS or each.what != payment]
            case PlanCreated():
                note(event, event.kind, event.plan_id, event.amount_fen, of=Plan(event))
            case CreditRefunded():
                note(event, "payout", event.refund_id, event.amount_fen)
            case DisputeOpened():
                left_open[event.dispute_id] = event
                note(event, "dispute", event.dispute_id, event.amount_fen, of=event.purchase_id)
            case DisputeResolved(outcome="rejected"):
                del left_open[event.dispute_id]
                note(event, "rejected", event.dispute_id, 0)
            case DisputeResolved():
                disputed = left_open.pop(event.dispute_id)
                facts = [each for each in facts if (each.kind, each.what) != ("dispute", event.dispute_id)]
                for fact in facts:
                    if (fact.kind, fact.what) == ("purchase", event.purchase_id):
                        fact.amount -= disputed.amount_fen
            case DebtWaived(reason="cap") | InterestPosted():
                after = event.owed_after
                principal = after.principal_billed + after.principal_unbilled + after.principal_planned
                # Else it comes with a payment, a loss or an agreement.
                if event.cause == "command" and not principal + after.principal_disputed:
                    note(event, "posting", "", 0)
            case DebtWaived():
                for kind in ("fees", "interest", "principal"):
                    note(event, "waiver", kind, getattr(event, f"{kind}_fen"))
            case BalancesCorrected(cause_version=None):
                named = sorted(event.deltas.items(), key=lambda each: BUCKETS.index(each[0]))
                for rises in (False, True):
                    for bucket, delta in named:
                        if (delta > 0) == rises:
                            note(event, "correction", bucket, delta)
            case AccountChargedOff():
                demanded = [each.due_date for each in event.unpaid_minima_after] or [event.business_date]
                note(event, "charge_off" if event.cause == "advance" else "write_off", demanded[0], 0)
            case WriteOffUndone():
                note(event, "undo", "", 0)
            case AccountBilled():
                printed[event.business_date] = event
            case _:
                pass
    return sorted(facts, key=lambda fact: (fact.on, fact.turn, _FIRST.get(fact.kind, 4))), printed


class Part:
    """What falls due with one instalment: principal and a conversion's fee or a loan's interest; what it carries."""

    def __init__(self, number, principal, fee=0, interest=0, due=None, old_interest=0, old_fees=0):
        self.number, self.principal, self.fee, self.interest, self.due = number, principal, fee, interest, due
        self.old_interest, self.old_fees = old_interest, old_fees

    def told(self):
        return [self.principal, self.fee, self.interest, self.due, self.old_interest, self.old_fees]


class Plan:
    """What is still to come of a plan, instalment by instalment, and how much of it came from which purchase."""

    def __init__(self, event):
        self.made_on, self.kind, self.rate, self.scheme = (
            event.business_date, event.kind, Fraction(event.annual_rate), event.scheme
        )  # fmt: skip
        self.instalments = [
            Part(
                each.number, each.principal_fen, each.fee_fen, each.interest_fen, each.due_date,
                each.carried_interest_fen, each.carried_fees_fen,
            )
            for each in event.schedule
        ]  # fmt: skip
        self.parts = {each.purchase_id: each.amount_fen for each in event.parts}

    def left(self):
        return sum(each.principal for each in self.instalments)

    def old_interest(self):
        return sum(each.old_interest for each in self.instalments)

    def old_fees(self):
        return sum(each.old_fees for each in self.instalments)

    def goes_on(self):
        return bool(self.left() + self.old_interest() + self.old_fees())

    def told(self):
        return [each.told() for each in self.instalments]

    def give_back(self, purchase, amount):
        amount = min(amount, self.parts.get(purchase, 0), self.left())
        self.parts[purchase] = self.parts.get(purchase, 0) - amount
        for _ in range(amount):  # fen by fen, out of the last instalment that has any
            last = [each for each in self.instalments if each.principal][-1]
            last.principal -= 1
            last.fee *= bool(last.principal)
        if self.kind == "restructuring":
            left = self.left()
            for each in self.instalments:
                each.interest = nearest(left * self.rate / 12)
                left -= each.principal
        return amount

    def begins(self):
        """When the month of the next instalment begins: on the due date before it, or when the plan was made."""
        return month_of(self.made_on, self.instalments[0].number - 1)

    def run_up(self, principal, day):
        """What of a loan's next interest has run up on so much of its principal."""
        coming, begins = self.instalments[0], self.begins()
        if day <= begins:
            return 0
        if self.scheme is None:
            return nearest(Fraction(coming.interest * (day - begins).days, (coming.due - begins).days))
        days = (day - begins).days
        if self.scheme == "annuity":  # every month has thirty days
            months = 12 * (day.year - begins.year) + day.month - begins.month
            days = 30 * months + min(day.day, 30) - min(begins.day, 30)
        return min(coming.interest, nearest(self.rate * days / 360 * principal))

    def spread_anew(self, paid):
        """Less is left, and falls due on the same dates by the same scheme."""
        left, since, n = self.left() - paid, self.begins(), len(self.instalments)
        growth = (1 + self.rate / 12) ** n
        payment = nearest(left * self.rate / 12 * growth / (growth - 1)) if self.rate else 0
        even = left // n
        for at, each in enumerate(self.instalments):
            last = at == n - 1
            days = 30 if self.scheme == "annuity" else (each.due - since).days
            each.interest = nearest(left * self.rate * days / 360)
            if self.scheme == "annuity" and self.rate:
                part = min(left, payment - each.interest)
            else:
                part = 0 if self.scheme == "interest_only" else even
            each.principal = left if last else part
            left -= each.principal
            since = each.due


class Hindsight(Book):
    """One account as it would be, had every fact been known on the day it counts."""

    def __init__(self, terms, bill_day, events):
        super().__init__(terms, bill_day, events[0].business_date)
        self.facts, self.printed = facts_of(events)
        self.statements_so_far = []
        self.disputes = {}
        self.plans = {}
        self.waiting = []  # the due dates of statements whose tests are to come
        # Its plan; if it is broken, the due date from which the days past due count; its last due date, once billed.
        self.agreement = None
        self.drawn_on = None
        self.for_settling = 0  # fees for paying early, which the cap does not count
        self.lost = False
        self.died = None
        self.lost_since = None
        self.demands_lost = []

    def live(self, until):
        """Through the evening of `until`, but before its closing balances are counted."""
        while True:
            self.morning()
            for demand in self.missed_today:
                self.fine(demand)
            if self.bills_today() and not self.lost:
                self.post_all(self.instalments_of_today)
            if self.day in self.printed:
                self.bill_again(self.printed[self.day])
            self.break_agreement()
            while self.facts and self.facts[0].on == self.day:
                self.learn(self.facts.pop(0))
            if self.day >= until:
                return self
            self.close()

    def morning(self):
        if self.lost:
            self.missed_today, self.late_in_the_morning = [], True
            return
        self.end_agreement()
        grace = (self.terms.grace_days + 1) * DAY
        tested = [due for due in self.waiting if due + grace <= self.day]
        self.waiting = [due for due in self.waiting if due not in tested]
        if tested and self.waiting:
            self.put_off(tested[0], self.waiting[0])
        super().morning()
        if not self.missed_today:
            self.end_agreement()

    def end_agreement(self):
        """It is kept once nothing of it waits for a test any more: its last instalment is the last that can be missed."""
        if self.agreement and self.agreement[0] not in self.plans:
            last = self.agreement[2]
            if not [due for due in self.waiting if last is None or due <= last]:
                self.agreement = None

    def put_off(self, due, later):
        """What paid the interest of a later statement first is not missed of this one, but due with that."""
        left = sum(each.amount for each in self.demands if each.due == due)
        for name, row in list(self.rows.items()):
            if row.due == due:
                beyond = max(0, row.unpaid - left)
                row.unpaid -= beyond
                left -= row.unpaid
                if beyond:
                    self.rows[name, later] = Row(beyond, instalment=row.instalment)
                    self.rows[name, later].due = later

    def bills_today(self):
        if self.terms.product == "pay_later":
            return self.day.day == self.bill_day
        due = self.day + self.terms.bill_lead_days * DAY
        if self.plans:
            return any(plan.instalments[0].due == due for plan in self.plans.values())
        if not self.drawn_on:
            return False
        months = 12 * (due.year - self.drawn_on.year) + due.month - self.drawn_on.month
        return month_of(self.drawn_on, months) == due

    def days_since(self, due):
        return max(0, (min(self.day, self.died or self.day) - due).days)

    def close(self):
        lived = {name: row.lived for name, row in self.rows.items()}
        fen_days = self.fen_days
        super().close()
        self.all_fen_days += self.disputed() + self.planned()
        if self.died:
            self.fen_days = fen_days
        if self.lost or self.died:
            for name, row in self.rows.items():
                row.lived = lived[name]

    # Figures

    def disputed(self):
        return sum(amount for _, amount in self.disputes.values())

    def planned(self):
        return sum(plan.left() for plan in self.plans.values())

    def interest(self):
        if self.terms.product == "pay_later":
            return super().interest()
        return nearest(Fraction(self.terms.annual_rate) * Fraction(self.terms.penalty_multiplier) / 360 * self.fen_days)

    def over(self):
        return max(0, self.charged - self.for_settling - self.waived - self.room())

    def figures(self):
        apart = {
            "principal_disputed": self.disputed(),
            "principal_planned": self.planned(),
            "interest_planned": sum(plan.old_interest() for plan in self.plans.values()),
            "fees_planned": sum(plan.old_fees() for plan in self.plans.values()),
        }
        buckets = dict.fromkeys(BUCKETS, 0) | self.amounts() | apart
        return {
            "buckets": {bucket: fen for bucket, fen in buckets.items() if fen},
            "minima": [(each.number, each.due, each.amount) for each in self.demands if each.amount],
            "set aside": {name: amount for name, (_, amount) in self.disputes.items()},
            "planned": {name: plan.told() for name, plan in self.plans.items() if plan.goes_on()},
            "agreement": self.agreement,
            "untested": tuple(self.waiting),
            "days past due": self.days_past_due(),
            "bearing interest": sum(row.unpaid for row in self.rows.values() if row.bears),
            "fen-days": (self.fen_days, self.all_fen_days),
            "accrued": self.interest() - self.posted,
            "posted, charged, waived": (self.posted, self.charged, self.waived),
        }

    def days_past_due(self):
        if self.lost:
            return max(0, (self.day - self.lost_since).days) if self.owed() else 0
        return super().days_past_due()

    # What the calendar does

    def fine(self, demand):
        if self.died and self.day > self.died:
            return
        base = min(demand.amount, demand.principal, self.principal("principal_billed"))
        fee = min(base, max(self.terms.late_fee_floor, rounded(self.terms.late_fee_rate * base)))
        self.other["fees_unbilled"] += fee
        self.charged += fee

    def post_interest_now(self):
        grown = max(0, self.interest() - self.posted)
        self.charge(0, grown)
        self.posted += grown
        if self.terms.product == "cash_loan":
            self.spend_credit()

    def post_all(self, more=lambda: None):
        self.post_interest_now()
        more()
        self.give_up()

    def give_up(self):
        over = self.over()
        fees = min(over, self.other["fees_unbilled"])
        interest = min(over - fees, self.other["interest_unbilled"])
        self.other["fees_unbilled"] -= fees
        self.other["interest_unbilled"] -= interest
        self.waived += over
        self.credit += over - fees - interest
        self.spend_credit()

    def instalments_of_today(self):
        due = self.day + self.terms.bill_lead_days * DAY
        dead = self.died and self.day > self.died
        for name, plan in list(self.plans.items()):
            if plan.instalments[0].due not in {None, due}:
                continue
            interest = plan.instalments[0].interest
            if dead:
                interest = min(interest, plan.run_up(plan.left(), self.died)) if plan.instalments[0].due else 0
            each = plan.instalments.pop(0)
            self.charge(0 if dead else each.fee, interest)
            self.other["fees_unbilled"] += each.old_fees
            self.other["interest_unbilled"] += each.old_interest
            self.rows[name, each.number] = Row(each.principal, instalment=True)
            if not plan.goes_on():
                del self.plans[name]
                if self.agreement and self.agreement[0] == name:
                    days = self.terms.due_days if self.terms.product == "pay_later" else self.terms.bill_lead_days
                    self.agreement = (*self.agreement[:2], self.day + days * DAY)

    def charge(self, fees, interest):
        self.other["fees_unbilled"] += fees
        self.other["interest_unbilled"] += interest
        self.charged += fees + interest

    def spend_credit(self):
        credit, self.credit = self.credit, 0
        self.pour(credit)

    def bill_again(self, statement):
        """It exists because it was issued; it demands what it would have, and never more than it did."""
        terms = self.terms
        charges = self.other["interest_unbilled"] + self.other["fees_unbilled"]
        forward = sum(each.amount for each in self.demands)
        balance = self.owed()
        new = charges + sum(row.unpaid for row in self.rows.values() if row.instalment and not row.due)
        rest = max(0, balance - forward - new)
        wanted = forward + new + rounded(terms.minimum_ratio * rest, ROUND_CEILING)
        own = max(0, min(balance, max(terms.minimum_floor, wanted)) - forward)
        own = min(own, max(statement.own_minimum_fen, statement.minimum_fen - forward))
        self.statements += 1
        self.statements_so_far.append(statement)
        self.waiting.append(statement.due_date)
        for kind in ("fees", "interest"):
            self.other[f"{kind}_billed"] += self.other[f"{kind}_unbilled"]
            self.other[f"{kind}_unbilled"] = 0
        for row in self.rows.values():
            if row.unpaid:
                row.due = row.due or statement.due_date
        self.demands.append(Demand(self.statements, statement.due_date, own, max(0, own - charges)))

    # Facts

    def learn(self, fact):  # noqa: C901, PLR0912 - one case a kind
        match fact.kind:
            case "purchase":
                paid = min(self.credit, fact.amount)
                self.credit -= paid
                self.rows[fact.what] = Row(fact.amount - paid)
            case "refund":
                self.refund_again(fact)
            case "draw":
                self.plans[fact.what] = copy.deepcopy(fact.of)
                self.drawn_on = self.day
            case "payment":
                if self.terms.product == "cash_loan" and self.principal_left():
                    self.post_interest_now()
                self.pour(fact.amount)
            case "conversion":
                self.convert(fact)
            case "restructuring":
                self.restructure(fact)
            case "settlement":
                self.settle(fact)
            case "prepayment":
                self.prepay(fact)
            case "payout":
                paid = min(self.credit, fact.amount)
                self.credit -= paid
                self.owe_again(f"payout {fact.what}", fact.amount - paid)
            case "dispute":
                self.disputes[fact.what] = (fact.of, self.take_of_purchase(fact.of, fact.amount))
            case "rejected":
                purchase, amount = self.disputes.pop(fact.what)
                paid = min(self.credit, amount)
                self.credit -= paid
                self.owe_again((purchase, fact.what), amount - paid, billed=self.lost)
            case "waiver":
                for bucket in (f"{fact.what}_billed", f"{fact.what}_unbilled"):
                    part = min(fact.amount, self.amounts()[bucket])
                    fact.amount -= part
                    self.take(bucket, part)
                    self.waived += part if fact.what != "principal" else 0
            case "correction":
                self.correct(fact.what, max(fact.amount, -self.amounts()[fact.what]))
            case "posting":
                for plan in self.plans.values():
                    self.charge(0, self.run_up(plan, plan.left()))
                self.post_all()
            case "charge_off" | "write_off":
                self.lose(fact.what)
            case "undo":
                self.find_again()
            case "death":
                self.died = self.day

    def owe_again(self, name, amount, *, billed=False):
        if amount:
            row = self.rows[name] = Row(amount)
            if billed:
                row.due = self.day
                row.bears = not self.lost and not self.waits(row)

    def waits(self, row):
        """Whether it is due with a statement whose due test is still to come."""
        test = row.due + (self.terms.grace_days + 1) * DAY
        return test > self.day and row.due in self.waiting

    def of_purchase(self, purchase):
        """Its own row, and those that rejected disputes posted anew."""
        return [row for name, row in self.rows.items() if purchase in (name, name[0])]

    def take_of_purchase(self, purchase, amount):
        asked = amount
        for row in self.of_purchase(purchase):
            part = min(amount, row.unpaid)
            amount -= part
            self.take("principal_billed" if row.due else "principal_unbilled", part, row)
        return asked - amount

    def refund_again(self, fact):
        left = fact.amount
        for name, (purchase, amount) in self.disputes.items():
            if purchase == fact.what:
                part = min(left, amount)
                left -= part
                self.disputes[name] = (purchase, amount - part)
        left -= self.take_of_purchase(fact.what, left)
        for plan in reversed(self.plans.values()):
            left -= plan.give_back(fact.what, left)
        self.plans = {name: plan for name, plan in self.plans.items() if plan.goes_on()}
        self.pour(left)

    def convert(self, fact):
        """The plan stands as it was made; what there is too little of to convert is money."""
        left = fact.amount
        for row in sorted(self.rows.values(), key=lambda row: row.due or date.max):
            if row.due and not row.instalment:
                part = min(left, row.unpaid)
                row.unpaid -= part
                left -= part
        self.plans[fact.what] = copy.deepcopy(fact.of)
        asked = rounded(self.terms.minimum_ratio * fact.amount, ROUND_CEILING)
        for demand in reversed(self.demands):
            if demand.number == self.statements:
                above = sum(each.amount for each in self.demands) - self.billed()
                demand.amount -= min(demand.amount, max(asked, above))
        self.lower_demands(max(0, sum(each.amount for each in self.demands) - self.billed()))
        self.pour(left)

    def settle(self, fact):
        """It is over on that day, with what of its price the days have run up since it was last paid for."""
        plan = self.plans.pop(fact.of, None)
        left = fact.amount
        if plan is not None and plan.kind == "conversion":
            begins = max(plan.made_on, self.bill_day_from(-1))
            used, cycle = (self.day - begins).days, (self.bill_day_from(1) - begins).days
            fee = rounded(Decimal(plan.instalments[0].fee * used) / cycle)
            fee = 0 if self.died and self.day > self.died else fee
            self.charge(fee, 0)
            unpaid = max(0, plan.left() - left)
            left -= plan.left() - unpaid
            for_fee = min(left, fee)
            self.take("fees_unbilled", for_fee)
            left -= for_fee
            self.owe_again(("rest", fact.of), unpaid)
        elif plan is not None:
            self.plans[fact.of] = plan
            self.pay_early(plan, plan.left())
            del self.plans[fact.of]
            left = self.pay_all_payable(left)
            rest = []
            for amount in (plan.left(), plan.old_interest(), plan.old_fees()):
                rest.append(max(0, amount - left))
                left -= amount - rest[-1]
            self.owe_again(("rest", fact.of), rest[0])
            self.other["interest_unbilled"] += rest[1]
            self.other["fees_unbilled"] += rest[2]
            if self.agreement and self.agreement[0] == fact.of:
                self.agreement = None
        self.pour(left)
        self.spend_credit()

    def pay_early(self, plan, principal):
        """Everything that has run up is payable, and the price of paying so much before it is due."""
        run_up = self.run_up(plan, principal)
        fee = 0
        if plan.kind == "draw" and (self.day - plan.made_on).days > self.terms.cooling_off_days:
            fee = nearest(Fraction(self.terms.early_settlement_fee) * principal)
        fee = 0 if self.died and self.day > self.died else fee
        self.post_interest_now()
        self.charge(0, run_up)
        # The money that comes pays the fee, credit does not.
        self.spend_credit()
        self.charge(fee, 0)
        self.for_settling += fee
        self.give_up()

    def run_up(self, plan, principal):
        if plan.kind == "conversion":
            return 0
        coming = plan.instalments[0]
        if coming.due is None:  # an agreement of a line: by the days of the cycle
            if self.died and self.day > self.died:
                return 0
            begins = max(plan.made_on, self.bill_day_from(-1))
            return nearest(Fraction(coming.interest * (self.day - begins).days, (self.bill_day_from(1) - begins).days))
        return plan.run_up(principal, min(self.day, self.died or self.day))

    def pay_all_payable(self, amount):
        """Money pays what is billed and unbilled, in the order of this morning; says what is left of it."""
        credit, self.credit = self.credit, 0
        self.pour(amount)
        left, self.credit = self.credit, credit
        return left

    def prepay(self, fact):
        """A part of a loan is paid before it is due; the rest falls due on the same dates."""
        name, principal = fact.of
        plan, left = self.plans.get(name), fact.amount
        if plan is not None:
            principal = min(principal, plan.left())
            self.pay_early(plan, principal)
            left = self.pay_all_payable(left)
            paid = min(left, principal)
            left -= paid
            if paid == plan.left():
                del self.plans[name]
            else:
                plan.spread_anew(paid)
        self.pour(left)

    def restructure(self, fact):
        """All that is owed, as far as the plan takes it, is paid in months; nothing is demanded any more."""
        for plan in self.plans.values():
            self.charge(0, self.run_up(plan, plan.left()))
        self.post_all()
        since = self.oldest_due()
        plan = copy.deepcopy(fact.of)
        for demand in self.demands:
            demand.amount = 0
        beyond = plan.left()
        for row in sorted(self.rows.values(), key=lambda row: row.due or date.max):
            part = min(beyond, row.unpaid)
            row.unpaid -= part
            beyond -= part
        planned = self.planned()
        from_plans = min(beyond, planned)
        beyond -= from_plans
        for kind, old in (("interest", plan.old_interest()), ("fees", plan.old_fees())):
            amount = old
            before = sum(getattr(each, f"old_{kind}")() for each in self.plans.values())
            for bucket in (f"{kind}_billed", f"{kind}_unbilled"):
                part = min(amount, self.other[bucket])
                self.other[bucket] -= part
                amount -= part
            part = min(amount, before)
            self.other[f"{kind}_unbilled"] += before - part
            beyond += amount - part
        self.owe_again(("before", fact.what), planned - from_plans)
        self.waiting = []
        # Owed from today on, they are paid in the order in which they would have been.
        self.rows = dict(sorted(self.rows.items(), key=lambda named: named[1].due or date.max))
        for row in self.rows.values():
            row.due, row.bears, row.lived = None, False, 0
        for kind in ("interest", "fees"):
            self.other[f"{kind}_unbilled"] += self.other[f"{kind}_billed"]
            self.other[f"{kind}_billed"] = 0
        self.plans = {fact.what: plan}
        self.agreement, self.drawn_on = (fact.what, since, None), self.day
        self.pour(beyond)
        self.spend_credit()

    def oldest_due(self):
        grace = (self.terms.grace_days + 1) * DAY
        demands = [each for each in self.demands if each.amount]
        missed = [each.due for each in demands if each.due + grace <= self.day and each.amount > self.terms.tolerance]
        return [*missed, *(each.due for each in demands), self.day][0]

    def break_agreement(self):
        """An instalment of it was missed: all that is left is due since before the agreement."""
        missed = [each for each in self.missed_today if each.amount]
        if not missed or self.agreement is None:
            return
        (name, since, _), self.agreement = self.agreement, None
        plan = self.plans.pop(name, None)
        (demand,) = missed
        demand.due = since
        self.demands.sort(key=lambda each: each.due)
        if plan is not None:
            row = self.rows["rest", name] = Row(plan.left(), instalment=True)
            row.due, row.bears = since, True
            self.other["interest_billed"] += plan.old_interest()
            self.other["fees_billed"] += plan.old_fees()
            demand.amount += plan.left() + plan.old_interest() + plan.old_fees()
            demand.principal += plan.left()

    def principal_left(self):
        return sum(row.unpaid for row in self.rows.values()) + self.planned() + self.disputed()

    def bill_day_from(self, step):
        """The last bill day, today's included, or the next one."""
        day = self.day + (step > 0) * DAY
        while day.day != self.bill_day:
            day += step * DAY
        return day

    def correct(self, bucket, delta):
        if bucket == "credit":
            self.credit += delta
        elif delta < 0:
            self.take(bucket, -delta)
        elif bucket.startswith("principal"):
            self.owe_again(f"correction {self.day} {len(self.rows)}", delta, billed=bucket == "principal_billed")
        else:
            self.other[bucket] += delta
        if bucket in self.other:
            self.charged = max(0, self.charged + delta)
        self.spend_credit()

    def lose(self, since):
        for plan in self.plans.values():
            self.charge(0, self.run_up(plan, plan.left()))
        self.post_all()
        for name, plan in self.plans.items():
            if plan.left():
                self.rows[name, "rest"] = Row(plan.left(), instalment=True)
            self.other["interest_unbilled"] += plan.old_interest()
            self.other["fees_unbilled"] += plan.old_fees()
        self.plans, self.agreement = {}, None
        self.lost, self.lost_since = True, since
        self.demands_lost, self.demands = [each for each in self.demands if each.amount], []
        for kind in ("fees", "interest"):
            self.other[f"{kind}_billed"] += self.other[f"{kind}_unbilled"]
            self.other[f"{kind}_unbilled"] = 0
        for row in self.rows.values():
            row.due = row.due or self.day
            row.bears = False
        self.late_in_the_morning = True
        self.spend_credit()

    def find_again(self):
        left = self.billed()
        for each in self.demands_lost:
            each.amount = min(left, each.amount)
            left -= each.amount
        self.demands, self.demands_lost, self.lost = self.demands_lost, [], False
        grace = (self.terms.grace_days + 1) * DAY
        self.waiting = [due for due in self.waiting if due + grace > self.day]
        for row in self.rows.values():
            row.bears = row.due is not None and not self.waits(row)
        self.late_in_the_morning = self.days_past_due() >= self.terms.regime_dpd
