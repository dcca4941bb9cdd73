"""A life reckoned as if everybody had always known: section 5.1 of the rulebook, day by day, in the plainest way.

The events are read for their facts alone, each by the day it counts; what they say was charged, paid of what, or
corrected is not looked at. Nothing of the ledger is used.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
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
_FIRST = {"charge_off": 0, "purchase": 1, "refund": 2, "payment": 3}


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
                kind = "settlement" if event.plan_id else "payment"
                payment = (event.channel, event.payment_ref)
                note(event, kind, payment, event.amount_fen, event.value_date, of=event.plan_id)
            case PaymentReversed():
                payment = (event.channel, event.payment_ref)
                facts = [each for each in facts if each.kind not in {"payment", "settlement"} or each.what != payment]
            case PlanCreated():
                note(event, "conversion", event.plan_id, event.amount_fen, of=Plan.made_by(event))
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
                if event.cause == "command":
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


class Plan:
    """What is still to come of a plan, instalment by instalment, and how much of it came from which purchase."""

    def __init__(self, made_on, instalments, parts):
        self.made_on, self.instalments, self.parts = made_on, instalments, parts

    @classmethod
    def made_by(cls, event):
        instalments = [[each.principal_fen, each.fee_fen] for each in event.schedule]
        return cls(event.business_date, instalments, {each.purchase_id: each.amount_fen for each in event.parts})

    def left(self):
        return sum(principal for principal, _ in self.instalments)

    def give_back(self, purchase, amount):
        amount = min(amount, self.parts.get(purchase, 0), self.left())
        self.parts[purchase] = self.parts.get(purchase, 0) - amount
        for _ in range(amount):  # fen by fen, out of the last instalment that has any
            last = [each for each in self.instalments if each[0]][-1]
            last[0] -= 1
            last[1] *= bool(last[0])
        return amount


class Hindsight(Book):
    """One account as it would be, had every fact been known on the day it counts."""

    def __init__(self, terms, bill_day, events):
        super().__init__(terms, bill_day, events[0].business_date)
        self.facts, self.printed = facts_of(events)
        self.statements_so_far = []
        self.disputes = {}
        self.plans = {}
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
            if self.day.day == self.bill_day and not self.lost:
                self.post_all(self.instalments_of_today)
            if self.day in self.printed:
                self.bill_again(self.printed[self.day])
            while self.facts and self.facts[0].on == self.day:
                self.learn(self.facts.pop(0))
            if self.day >= until:
                return self
            self.close()

    def morning(self):
        if self.lost:
            self.missed_today, self.late_in_the_morning = [], True
            return
        super().morning()

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

    def figures(self):
        apart = {"principal_disputed": self.disputed(), "principal_planned": self.planned()}
        buckets = dict.fromkeys(BUCKETS, 0) | self.amounts() | apart
        return {
            "buckets": {bucket: fen for bucket, fen in buckets.items() if fen},
            "minima": [(each.number, each.due, each.amount) for each in self.demands if each.amount],
            "set aside": {name: amount for name, (_, amount) in self.disputes.items()},
            "planned": {name: plan.instalments for name, plan in self.plans.items() if plan.left()},
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

    def post_all(self, more=lambda: None):
        grown = max(0, self.interest() - self.posted)
        self.other["interest_unbilled"] += grown
        self.posted += grown
        self.charged += grown
        more()
        over = self.over()
        fees = min(over, self.other["fees_unbilled"])
        interest = min(over - fees, self.other["interest_unbilled"])
        self.other["fees_unbilled"] -= fees
        self.other["interest_unbilled"] -= interest
        self.waived += over
        self.credit += over - fees - interest
        self.spend_credit()

    def instalments_of_today(self):
        for name, plan in self.plans.items():
            if plan.left():
                principal, fee = plan.instalments.pop(0)
                fee = 0 if self.died and self.day > self.died else fee
                self.other["fees_unbilled"] += fee
                self.charged += fee
                self.rows[name, len(plan.instalments)] = Row(principal, instalment=True)

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
            case "payment":
                self.pour(fact.amount)
            case "conversion":
                self.convert(fact)
            case "settlement":
                self.settle(fact)
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
        return test > self.day and any(each.due_date == row.due for each in self.statements_so_far)

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
        self.pour(left)

    def convert(self, fact):
        """The plan stands as it was made; what there is too little of to convert is money."""
        left = fact.amount
        for row in sorted(self.rows.values(), key=lambda row: row.due or date.max):
            if row.due and not row.instalment:
                part = min(left, row.unpaid)
                row.unpaid -= part
                left -= part
        self.plans[fact.what] = Plan(
            fact.of.made_on, [list(each) for each in fact.of.instalments], fact.of.parts.copy()
        )
        asked = rounded(self.terms.minimum_ratio * fact.amount, ROUND_CEILING)
        for demand in reversed(self.demands):
            if demand.number == self.statements:
                above = sum(each.amount for each in self.demands) - self.billed()
                demand.amount -= min(demand.amount, max(asked, above))
        self.lower_demands(max(0, sum(each.amount for each in self.demands) - self.billed()))
        self.pour(left)

    def settle(self, fact):
        """It is over on that day, with the fee of the days since its conversion or the last bill day."""
        plan = self.plans.pop(fact.of, None)
        left = fact.amount
        if plan is not None and plan.left():
            begins = max(plan.made_on, self.bill_day_from(-1))
            used, cycle = (self.day - begins).days, (self.bill_day_from(1) - begins).days
            fee = rounded(Decimal(plan.instalments[0][1] * used) / cycle)
            fee = 0 if self.died and self.day > self.died else fee
            self.charged += fee
            self.other["fees_unbilled"] += fee
            unpaid = max(0, plan.left() - left)
            left -= plan.left() - unpaid
            for_fee = min(left, fee)
            self.take("fees_unbilled", for_fee)
            left -= for_fee
            self.owe_again(("rest", fact.of), unpaid)
        self.pour(left)
        self.spend_credit()

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
        self.post_all()
        for name, plan in self.plans.items():
            if plan.left():
                self.rows[name, "rest"] = Row(plan.left(), instalment=True)
        self.plans = {}
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
        for row in self.rows.values():
            row.bears = row.due is not None and not self.waits(row)
        self.late_in_the_morning = self.days_past_due() >= self.terms.regime_dpd
