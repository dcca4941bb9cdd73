"""The rulebook's sections 4 and 5 reckoned a second time: day by day, from the events' own facts, in the plainest way.

Nothing of the ledger is used. Every figure that an event carries is held against the one reckoned here.
"""

from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import dropwhile, takewhile

from domain.events import (
    AccountBilled,
    AccountOverdue,
    CreditRefunded,
    DebtWaived,
    InterestPosted,
    LateFeePosted,
    PaymentReceived,
    PurchasePosted,
    PurchaseRefunded,
)

DAY = timedelta(days=1)
ORDERS = {
    False: [
        "fees_billed",
        "interest_billed",
        "principal_billed",
        "fees_unbilled",
        "interest_unbilled",
        "principal_unbilled",
    ],
    True: [
        "principal_billed",
        "interest_billed",
        "fees_billed",
        "principal_unbilled",
        "interest_unbilled",
        "fees_unbilled",
    ],
}


def same(what, told, reckoned):
    assert told == reckoned, f"{what}: told {told}, reckoned {reckoned}"


def _of_the_calendar(event):
    return event.cause == "advance"


def rounded(amount: Decimal, rounding=ROUND_HALF_UP) -> int:
    return int(amount.to_integral_value(rounding))


class Row:
    """A purchase: what is unpaid of it, when its statement is due, whether it bears interest.

    `lived` is the sum of its closing balances since it was posted. An instalment of a plan that is payable is one too.
    """

    def __init__(self, unpaid, *, instalment=False):
        self.unpaid, self.due, self.bears, self.lived = unpaid, None, False, 0
        self.instalment = instalment


class Demand:
    """What is left of a statement's own minimum."""

    def __init__(self, number, due, amount, principal):
        self.number, self.due, self.amount, self.principal = number, due, amount, principal


class Book:
    """One account, reckoned by hand."""

    def __init__(self, terms, bill_day, begins):
        self.terms, self.bill_day, self.day = terms, bill_day, begins
        self.rows, self.demands = {}, []
        self.other = dict.fromkeys(("fees_billed", "interest_billed", "fees_unbilled", "interest_unbilled"), 0)
        self.credit = self.fen_days = self.all_fen_days = self.posted = self.charged = self.waived = 0
        self.statements = 0
        self.late_in_the_morning = False

    def follow(self, events, until):
        """Live through the days up to `until`, with the events that are told of them."""
        by_day: dict[date, list] = {}
        for each in events:
            by_day.setdefault(each.business_date, []).append(each)
        while True:
            today = by_day.pop(self.day, [])
            self.morning()
            advance = list(takewhile(_of_the_calendar, today))
            asked = list(dropwhile(_of_the_calendar, today))
            at_the_end = list(dropwhile(lambda each: not _of_the_calendar(each), asked))
            same(
                "the calendar's work comes first, and what ends with the day last",
                at_the_end,
                [*filter(_of_the_calendar, asked)],
            )
            self.tell(advance)
            self.demanded(advance)
            self.tell(asked)
            if self.day >= until:
                break
            self.close()
        same("events of a day that was never reached", by_day, {})

    def morning(self):
        grace = self.terms.grace_days + 1
        waiting = [row for row in self.rows.values() if row.due and not row.bears]
        tested = [row for row in waiting if row.due + grace * DAY == self.day]
        missed = sum(row.unpaid for row in tested) > self.terms.tolerance
        for row in tested:
            row.bears = True
            whole = missed and self.terms.interest_method == "from_posting"
            own = whole and not row.instalment
            self.fen_days += row.lived if own else row.unpaid * self.days_since(row.due)
        self.tested = [each for each in self.demands if each.due + grace * DAY == self.day]
        for each in self.tested:
            if each.amount <= self.terms.tolerance:
                each.amount = 0
        self.missed_today = [each for each in self.tested if each.amount]
        self.late_in_the_morning = self.days_past_due() >= self.terms.regime_dpd

    def days_since(self, due):
        """The days from a due date to yesterday that bear interest."""
        return (self.day - due).days

    def days_past_due(self):
        grace = self.terms.grace_days + 1
        missed = [each for each in self.demands if each.due + grace * DAY <= self.day]
        return max([0, *((self.day - each.due).days for each in missed if each.amount > self.terms.tolerance)])

    def demanded(self, advance):
        """What the calendar must have done today, it did."""
        told = [type(each) for each in advance]
        same("a missed minimum is said", told.count(AccountOverdue), len(self.missed_today))
        if self.day.day == self.bill_day:
            same("all interest is posted on a bill day", self.posted, self.interest())
            same("the cap holds on a bill day", self.over(), 0)
            same("a statement exactly when something is owed", AccountBilled in told, bool(self.owed()))

    def close(self):
        self.fen_days += sum(row.unpaid for row in self.rows.values() if row.bears)
        self.all_fen_days += sum(row.unpaid for row in self.rows.values())
        for row in self.rows.values():
            row.lived += row.unpaid
        self.day += DAY

    # Figures

    def principal(self, bucket):
        return sum(row.unpaid for row in self.rows.values() if bool(row.due) == (bucket == "principal_billed"))

    def amounts(self):
        both = ("principal_billed", "principal_unbilled")
        return {**self.other, **{bucket: self.principal(bucket) for bucket in both}, "credit": self.credit}

    def owed(self):
        return sum(self.amounts().values()) - self.credit

    def billed(self):
        return sum(fen for bucket, fen in self.amounts().items() if bucket.endswith("_billed"))

    def interest(self):
        return rounded(self.terms.daily_rate * self.fen_days)

    def room(self):
        return int(Fraction(self.terms.cap_annual) * self.all_fen_days / 365)

    def over(self):
        return max(0, self.charged - self.waived - self.room())

    # Events

    def tell(self, events):  # noqa: C901 - one case an event
        for event in events:
            match event:
                case PurchasePosted():
                    self.purchase(event)
                case InterestPosted():
                    self.post_interest(event)
                case LateFeePosted():
                    self.late_fee(event)
                case AccountOverdue():
                    demand = next(each for each in self.tested if each.number == event.statement_no)
                    same("missed", (event.missed_fen, event.due_date), (demand.amount, demand.due))
                case DebtWaived():
                    self.waive(event)
                case AccountBilled():
                    self.bill(event)
                case PaymentReceived():
                    applied, left = self.pour(event.amount_fen)
                    same("payment", (event.applied, event.credited_fen), (applied, left))
                case PurchaseRefunded():
                    self.refund(event)
                case CreditRefunded():
                    self.credit -= event.amount_fen
                case _:
                    continue
            if hasattr(event, "owed_after"):
                told = {bucket: fen for bucket, fen in event.owed_after if fen}
                same(event.TYPE, told, {bucket: fen for bucket, fen in self.amounts().items() if fen})
                told = [(each.statement_no, each.amount_fen) for each in event.unpaid_minima_after]
                same("minima", told, [(each.number, each.amount) for each in self.demands if each.amount])
                same("days past due", event.dpd_after, self.days_past_due())

    def purchase(self, event):
        paid = min(self.credit, event.amount_fen)
        self.credit -= paid
        self.rows[event.purchase_id] = Row(event.amount_fen - paid)

    def post_interest(self, event):
        same("fen-days", event.fen_days, self.fen_days)
        same("interest", (event.total_posted_fen, event.amount_fen), (self.interest(), self.interest() - self.posted))
        paid = min(self.credit, event.amount_fen)
        self.credit -= paid
        self.other["interest_unbilled"] += event.amount_fen - paid
        self.posted += event.amount_fen
        self.charged += event.amount_fen

    def late_fee(self, event):
        demand = next(each for each in self.missed_today if each.number == event.statement_no)
        base = min(demand.amount, demand.principal, self.principal("principal_billed"))
        fee = min(base, max(self.terms.late_fee_floor, rounded(self.terms.late_fee_rate * base)))
        same("late fee", (event.base_fen, event.amount_fen), (base, fee))
        self.other["fees_unbilled"] += fee
        self.charged += fee

    def waive(self, event):
        over = self.over()
        fees = min(over, self.other["fees_unbilled"])
        interest = min(over - fees, self.other["interest_unbilled"])
        back = over - fees - interest
        same("waived", (event.fees_fen, event.interest_fen, event.refunded_fen), (fees, interest, back))
        self.other["fees_unbilled"] -= fees
        self.other["interest_unbilled"] -= interest
        self.waived += over
        credit, self.credit = self.credit + back, 0
        self.pour(credit)

    def bill(self, event):
        terms, before = self.terms, self.billed()
        charges = self.other["interest_unbilled"] + self.other["fees_unbilled"]
        forward = sum(each.amount for each in self.demands)
        balance = self.owed()
        rest = max(0, balance - forward - charges)
        wanted = forward + charges + rounded(terms.minimum_ratio * rest, ROUND_CEILING)
        minimum = min(balance, max(terms.minimum_floor, wanted))
        due = self.day + terms.due_days * DAY
        same(
            "statement",
            (event.statement_no, event.balance_fen, event.minimum_fen, event.own_minimum_fen, event.due_date),
            (self.statements + 1, balance, minimum, minimum - forward, due),
        )
        same("brought forward", event.lines.brought_forward_fen, before)
        self.statements += 1
        for kind in ("fees", "interest"):
            self.other[f"{kind}_billed"] += self.other[f"{kind}_unbilled"]
            self.other[f"{kind}_unbilled"] = 0
        for row in self.rows.values():
            if row.unpaid:  # what was paid before never joins a statement
                row.due = row.due or due
        self.demands.append(Demand(self.statements, due, minimum - forward, max(0, minimum - forward - charges)))

    def pour(self, amount):
        """Money flows down the waterfall of this morning; what is left becomes credit."""
        applied, left = {}, amount
        for bucket in ORDERS[self.late_in_the_morning]:
            part = min(left, self.amounts()[bucket])
            if part:
                applied[bucket] = part
                left -= part
                self.take(bucket, part)
        self.credit += left
        return applied, left

    def take(self, bucket, amount, row=None):
        if bucket.endswith("_billed"):
            self.lower_demands(amount)
        if row is not None:
            row.unpaid -= amount
        elif bucket in self.other:
            self.other[bucket] -= amount
        else:
            for each in sorted(self.rows.values(), key=lambda row: row.due or date.max):  # the oldest due date first
                if bool(each.due) == (bucket == "principal_billed"):
                    part = min(amount, each.unpaid)
                    each.unpaid -= part
                    amount -= part

    def lower_demands(self, amount):
        for each in self.demands:
            part = min(amount, each.amount)
            each.amount -= part
            amount -= part

    def refund(self, event):
        row = self.rows[event.purchase_id]
        own = min(row.unpaid, event.amount_fen)
        bucket = "principal_billed" if row.due else "principal_unbilled"
        self.take(bucket, own, row)
        applied, left = self.pour(event.amount_fen - own)
        applied[bucket] = applied.get(bucket, 0) + own
        same("refund", (event.applied, event.credited_fen), ({name: fen for name, fen in applied.items() if fen}, left))
