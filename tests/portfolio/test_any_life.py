"""Lives without sense: anything on any day, so that what no sensible person does is reckoned alike by both ledgers too."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from domain.customer_commands import CustomerCommand
from domain.identity import account_id_for
from domain.ledger import Ledger
from domain.terms import CASH_LOAN, CASH_LOAN_BULLET, CASH_LOAN_EVEN, PAY_LATER, PAY_LATER_CARD, STANDARD
from infra.portfolio.ledger import Book
from infra.portfolio.life import OFFICER, Half, Life
from infra.portfolio.line import Line
from infra.portfolio.simulator import agreement_of
from tests.portfolio.figures import of_book, of_domain
from tests.portfolio.memory import Memory
from tests.specification import activated, advance, bought, disputed, given, opened, paid, terms

LAST = date(2026, 12, 30)
TIMES = 45  # on which something is done in a life


class Anyone:
    """Somebody who does anything: each method is one thing that may be done on a day, where it can be."""

    def __init__(self, seed: int, product: str = "pay_later") -> None:
        self.rng = Random(seed)
        self.day = date(2026, 1, self.rng.randint(1, 20))
        agreed = self.rng.choice(UNDER[product])
        book = Book(self.day, self.rng.choice((1, 15)), agreement_of(agreed))
        customer = f"anyone-{seed}"
        self.life = Life(
            account_id_for(customer, "test"), customer, "anyone", self.rng, book, 3_000_000, agreed.version, opened_in=0
        )
        self.book = book
        self.payments = []
        # Nobody does everything: a life in which nobody dies, say, or nothing is disputed, goes another way.
        everything = EVERYTHING[product]
        self.given_to = [do for do in everything if self.rng.random() < 0.6] or everything
        if product == "cash_loan":
            self.life.identify(self.day)
        self.life.apply(self.day)
        self.life.be_granted(self.day)

    def buy(self):
        self.life.buy(self.day, self.rng.randint(1_000, 200_000))

    def buy_by_force(self):
        self.life.buy(self.day, self.rng.randint(1_000, 50_000), forced=True)

    def pay(self):
        self._pay(self.rng.choice((self.rng.randint(1, 50_000), self.book.minimum_left, self.book.billed_left // 2)))

    def pay_everything(self):
        self._pay(self.book.balance)

    def pay_as_is_learnt_late(self):
        arrived = self.day - timedelta(days=self.rng.randint(1, 60))
        self._pay(self.rng.randint(1, 60_000), max(arrived, self.book.begins))

    def _pay(self, amount, arrived=None):
        payment = self.life.pay(self.day, amount, arrived=arrived)
        self.payments += [payment] if payment else []

    def have_a_payment_returned(self):
        if self.payments:
            self.life.be_returned(self.day, self.rng.choice(self.payments[-6:]))

    def give_back(self):
        self._some_of(self.life.give_back, lambda purchase_id: self.book.purchases[purchase_id].left)

    def dispute(self):
        self._some_of(self.life.dispute, self.book.disputable)

    def _some_of(self, do, most_of):
        for purchase_id in self.rng.sample(list(self.book.purchases), min(1, len(self.book.purchases))):
            if most := most_of(purchase_id):
                do(self.day, purchase_id, self.rng.choice((most, self.rng.randint(1, most))))

    def be_answered(self):
        waiting = [dispute_id for dispute_id, each in self.book.disputes.items() if each.open]
        if waiting:
            self.life.be_answered(self.day, self.rng.choice(waiting), self.rng.choice(("upheld", "rejected")))

    def be_forgiven(self):
        money = self.book.money
        charged = {f"{kind}_fen": money.billed_charges[kind] + money.new_charges[kind] for kind in ("fees", "interest")}
        given_up = {kind: self.rng.randint(1, amount) for kind, amount in charged.items() if amount}
        if given_up:
            self.life.be_forgiven(self.day, "goodwill", **given_up)

    def be_written_off(self):
        if self.book.balance > 0 and self.rng.random() < 0.2:
            self.life.be_written_off(self.day, "insolvency")

    # Instalments

    def convert(self):
        most = self.book.money.convertible
        months = self.rng.choice((3, 6, 12))
        self.life.convert(self.day, self.rng.choice((most, self.rng.randint(most // 3, most))) or months, months)

    def settle(self):
        for plan_id in self._one_of(self.book.money.plans):
            self.payments.append(self.life.settle(self.day, plan_id))

    # Loans, and agreements on either

    def draw(self):
        if self.rng.random() < 0.5 or not self.book.plans:
            most = max(1, min(self.book.available, 1_500_000))
            months = self.rng.choice((1, 2, 3, 6, 12))
            self.life.draw(self.day, max(months, self.rng.randint(most // 2, most)), months)

    def prepay(self):
        for plan_id in self._one_of(self.book.money.plans):
            plan = self.book.money.plans[plan_id]
            if plan.kind == "loan" and plan.left > 1:
                self.payments.append(self.life.prepay(self.day, plan_id, self.rng.randint(1, plan.left - 1)))

    def agree_anew(self):
        if self.rng.random() < 0.5:
            self.life.agree_anew(self.day, self.rng.choice((1, 2, 3, 6)), self.rng.choice(RATES))

    # What may be borrowed

    def reserve(self):
        self.life.reserve(self.day, self.rng.randint(1_000, 100_000), "hotel")

    def be_charged(self):
        for hold_id in self._one_of(self.book.line.holds):
            held = self.book.line.holds[hold_id].left
            amount = self.rng.choice((held, self.rng.randint(1, 60_000), held // 2)) or 1
            final, forced = self.rng.random() < 0.3, self.rng.random() < 0.3
            self.life.be_charged(self.day, hold_id, amount, final=final, forced=forced)

    def be_released(self):
        for hold_id in self._one_of(self.book.line.holds):
            self.life.be_released(self.day, hold_id)

    def _one_of(self, names):
        return self.rng.sample(list(names), min(1, len(names)))

    def leave_or_stay(self):
        if self.rng.random() < 0.5:
            (self.life.stay if self.book.line.access == "closing" else self.life.leave)(self.day)

    def be_closed(self):
        if self.rng.random() < 0.5:
            self.life.be_closed(self.day, "abuse")

    def be_frozen_or_not(self):
        do = self.rng.choice((self.life.be_frozen, self.life.be_unfrozen))
        do(self.day, self.rng.choice(("abnormal_transaction", "legal_order")), OFFICER)

    def appeal(self):
        against = self.rng.choice(("closure", "closure", "abnormal_transaction"))
        self.life.appeal(self.day, against, f"letter-{self.day}")

    def be_heard(self):
        for appeal_id in self._one_of(self.book.line.appeals):
            outcome, limit = self.rng.choice((("upheld", None), ("rejected", None), ("upheld_lower_limit", 2_000_000)))
            self.life.be_heard(self.day, appeal_id, outcome, limit)
            self.life.be_reinstated(self.day, appeal_id, 1_500_000)

    def die_or_turn_out_to_live(self):
        if self.rng.random() < 0.4:
            self.life.be_known_dead(self.day, max(self.day - timedelta(days=self.rng.randint(0, 70)), self.book.begins))
        else:
            self.life.be_unfrozen(self.day, "deceased", OFFICER)

    def anything(self):
        """The commands of some later day, in the order of their instants."""
        if self.rng.random() < 0.3:  # soon after a statement, when it may still be paid in instalments
            bill_day = min(self.book.money._next_bill_day(self.day), self.day + timedelta(days=31))
            self.day = bill_day + timedelta(days=self.rng.randint(0, 8))
        else:
            self.day += timedelta(days=self.rng.choice((0, 0, 1, 2, 5, 9, 12, 20)))
        self.life.half = Half(0, self.day, LAST)
        self.life.planned = []
        self.book.reach(self.day)
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            self.rng.choice(self.given_to)(self)
        return sorted(self.life.planned, key=lambda command: command.at)


UNDER = {
    "pay_later": (PAY_LATER, PAY_LATER_CARD),
    "cash_loan": (CASH_LOAN, CASH_LOAN_EVEN, CASH_LOAN_BULLET),
}
RATES = (Decimal(0), Decimal("0.06"))
WITH_EITHER = (
    Anyone.pay, Anyone.pay, Anyone.pay_everything, Anyone.pay_as_is_learnt_late, Anyone.have_a_payment_returned,
    Anyone.be_forgiven, Anyone.be_written_off, Anyone.settle, Anyone.settle, Anyone.agree_anew,
    Anyone.leave_or_stay, Anyone.be_closed, Anyone.be_frozen_or_not, Anyone.appeal, Anyone.be_heard, Anyone.be_heard,
    Anyone.die_or_turn_out_to_live,
)  # fmt: skip
EVERYTHING = {
    "pay_later": (
        *WITH_EITHER, Anyone.buy, Anyone.buy, Anyone.buy_by_force, Anyone.give_back, Anyone.dispute, Anyone.dispute,
        Anyone.be_answered, Anyone.be_answered, Anyone.convert, Anyone.convert, Anyone.convert,
        Anyone.reserve, Anyone.reserve, Anyone.be_charged, Anyone.be_charged, Anyone.be_charged, Anyone.be_released,
    ),
    "cash_loan": (*WITH_EITHER, Anyone.draw, Anyone.draw, Anyone.draw, Anyone.prepay, Anyone.prepay),
}  # fmt: skip


def lived(seed, product="pay_later"):
    """A life, and after each command that led the domain to its day what was done and both ledgers' figures."""
    anyone, memory = Anyone(seed, product), Memory(STANDARD)
    commands = anyone.life.planned
    for _ in range(TIMES):
        for command in commands:
            refused = memory.execute_many([command])
            if isinstance(command, CustomerCommand):
                continue
            anyone.book.learn(command, refused=refused[0])
            account, day = memory.accounts[command.account_id], anyone.book.money.day
            # A command that was refused, or done before, leaves the domain where it was.
            if account.business_date == day:
                yield command, refused[0], of_book(anyone.book, day), of_domain(account, day)
        commands = anyone.anything()
        if anyone.day > LAST:
            return


@pytest.mark.parametrize("product", UNDER)
@pytest.mark.parametrize("ten", range(20))
def test_after_every_command_every_figure_is_the_domains(ten, product):
    for seed in range(10 * ten, 10 * ten + 10):
        for command, _, ours, theirs in lived(seed, product):
            assert ours == theirs, (seed, command)


def test_all_that_may_be_done_is_done_in_some_of_these_lives():
    done = {
        command.DO
        for seed in range(120)
        for product in UNDER
        for command, refused, *_ in lived(seed, product)
        if not refused
    }
    assert done == {
        "activate", "purchase", "authorize", "capture", "release_hold", "receive_payment", "reverse_payment",
        "refund_purchase", "open_dispute", "resolve_dispute", "waive_debt", "write_off", "convert_to_plan",
        "settle_early", "request_closure", "withdraw_closure", "force_close", "reinstate", "freeze", "unfreeze",
        "lodge_appeal", "decide_appeal", "record_death", "draw", "prepay_plan", "restructure",
    }  # fmt: skip


def that_gives_nothing_back(self, hold_id, amount, *, final, known=Line.capture):
    return known(self, hold_id, amount, final=False)


def that_holds_on(self, known=Line.close):
    held = {hold_id: hold.left for hold_id, hold in self.holds.items()}
    known(self)
    for hold_id, hold in self.holds.items():
        hold.left = held[hold_id]


def that_lets_all_of_it_count(self, on):
    self.died_on = on
    self._reckon_again()


def that_lowers_no_minimum(self, plan, minimum_lowered, known=Ledger.convert):
    known(self, plan, 0)


@pytest.mark.parametrize(
    ("of", "name", "defect"),
    [
        (Line, "capture", that_gives_nothing_back),
        (Line, "close", that_holds_on),
        (Book, "died", that_lets_all_of_it_count),
        (Ledger, "convert", that_lowers_no_minimum),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_defect_of_either_would_be_noticed(monkeypatch, of, name, defect):
    monkeypatch.setattr(of, name, defect)
    assert any(ours != theirs for seed in range(120) for _, _, ours, theirs in lived(seed))


def test_charges_above_the_cap_today_may_be_below_it_by_the_bill_day():
    """369 above it on 11 February; the principal that is disputed makes 591 more room until 1 March. So nothing happens."""
    given(
        opened(agreed=terms(daily_rate=Decimal(0))), activated(),
        bought("small", 30_000, on="2026-01-10"), paid(31_000, on="2026-02-11"),
        bought("other", 50_000, on="2026-02-11"), disputed("other", 50_000, on="2026-02-11"),
    ).when(advance(to="2026-03-01")).owes(principal_disputed=50_000)  # fmt: skip
