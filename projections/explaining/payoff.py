"""What it takes to pay the plans off before their end, one after the other, and what each one adds to it."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.calendar import days_between
from domain.events import MoneyEvent
from domain.money import half_up, half_up_part, yuan
from projections.explaining.book import Book
from projections.explaining.charges import CAP
from projections.explaining.interest import running
from projections.explaining.minima import latest
from projections.explaining.plans import Plan
from projections.explaining.reading import History, book_on
from projections.explaining.run_up import DEATH, SETTLEMENT, run_up_of
from projections.explaining.steps import Answer, Step, Told, step

NO_PLAN = "Nothing is paid in instalments."


def plan_payoff(told: History, day: date) -> Answer:
    """What it takes to pay the plans off on that day: what is left of them, and of what comes next the days used."""
    book = book_on(told, day)
    till, steps, payoffs = _Till(book, latest(told, MoneyEvent)), list[Step](), list[int]()
    for name, plan in book.plans.items():
        steps += till.conversion(name, plan) if plan.kind == "conversion" else till.loan(name, plan)
        payoffs.append(steps[-1].result)
    total = step(
        _together(book) if payoffs else NO_PLAN, SETTLEMENT, " + ".join(map(yuan, payoffs)) or "0.00", sum(payoffs)
    )
    return Answer([*steps, total])


def _together(book: Book) -> str:
    rule = "Each plan may be paid off by itself; together they take so much."
    if book.missed() and any(plan.kind != "conversion" for plan in book.plans.values()):
        rule += " No loan or agreement is paid off before what is overdue is paid."
    return rule


class _Till:
    """The account's amounts while one plan after the other is paid off; whatever is payable is paid with the first."""

    def __init__(self, book: Book, found: tuple[Told, MoneyEvent] | None) -> None:
        self.book, self.last = book, found[0] if found else None
        self.payable, self.credit = book.payable, book.amounts["credit"]
        # What the cap may still give up before anything is given back.
        self.unbilled = book.amounts["interest_unbilled"] + book.amounts["fees_unbilled"]
        self.charged, self.waived = book.charged, book.waived
        self.accrued_posted = False

    def conversion(self, name: str, plan: Plan) -> Iterator[Step]:
        """The rest of it, and of its next fee what the days used cost; nothing else is paid with it."""
        book, following = self.book, plan.coming[0]
        begins = max(plan.made_on, book.bill_days.last_by(book.day))
        ends = book.bill_days.next_after(book.day)
        used, cycle = days_between(begins, book.day), days_between(begins, ends)
        dead = self._dead()
        fee = 0 if dead else half_up_part(following.fee, used, cycle)
        self.charged += fee
        yield _principal(name, plan)
        yield step(
            "The customer died: no fee is charged after it."
            if dead
            else "Of the fee that comes next only the days used are paid, of those from one bill day, or from the "
            "conversion, to the next; later fees are not charged.",
            SETTLEMENT,
            "0.00" if dead else f"{yuan(following.fee)} x {used} / {cycle} days, rounded",
            fee,
            events=[book.died.told] if dead and book.died else [],
            plan_id=name,
            fee_fen=following.fee,
            days_from=begins.isoformat(),
            days_to=ends.isoformat(),
            days_used=used,
        )
        yield step(
            f"Plan {name} is paid off with both.",
            SETTLEMENT,
            f"{yuan(plan.left)} + {yuan(fee)}",
            plan.left + fee,
            plan_id=name,
        )

    def loan(self, name: str, plan: Plan) -> Iterator[Step]:
        """Of a loan or an agreement: everything payable, what is left, what has run up, and the price of paying early."""
        yield from self._payable_first()
        yield _principal(name, plan)
        yield from self._carried(name, plan)
        if plan.coming[0].interest:
            stub = list(run_up_of(self.book, name, plan, plan.left))
            yield from stub
            self._charge(stub[-1].result)
        fee = self._fee(name, plan)
        yield from fee
        price = fee[-1].result if fee else 0
        self.payable += price
        self.unbilled += price
        yield from self._cap()
        parts = [self.payable, plan.left, plan.carried_interest + plan.carried_fees]
        yield step(
            f"Plan {name} is paid off with everything payable by then, run-up interest and fee included, and what is left.",
            SETTLEMENT,
            " + ".join(yuan(part) for part in parts if part) or "0.00",
            sum(parts),
            plan_id=name,
            payable_fen=parts[0],
        )
        self.payable = self.unbilled = 0

    def _charge(self, amount: int) -> None:
        """Interest becomes payable; credit pays for it at once."""
        paid = min(amount, self.credit)
        self.credit -= paid
        self.payable += amount - paid
        self.unbilled += amount - paid
        self.charged += amount

    def _payable_first(self) -> Iterator[Step]:
        if self.payable:
            yield step(
                "What is billed and what the next statement bills is paid first.",
                SETTLEMENT,
                yuan(self.payable),
                self.payable,
                events=[self.last],
            )
        if not self.accrued_posted and (days := running(self.book, []))[-1].result > 0:
            yield from days
            self._charge(days[-1].result)
        self.accrued_posted = True

    def _carried(self, name: str, plan: Plan) -> Iterator[Step]:
        if plan.carried_interest or plan.carried_fees:
            yield step(
                "So are the interest and the fees that it carries.",
                SETTLEMENT,
                f"{yuan(plan.carried_interest)} + {yuan(plan.carried_fees)}",
                plan.carried_interest + plan.carried_fees,
                events=[plan.as_of],
                plan_id=name,
            )

    def _fee(self, name: str, plan: Plan) -> list[Step]:
        """The price of paying early; an agreement has none."""
        terms, book = self.book.terms, self.book
        if plan.kind != "draw":
            return []
        last = plan.made_on + timedelta(days=terms.cooling_off_days)
        if self._dead():
            rule, fee = "The customer died: paying early costs nothing.", 0
        elif book.day <= last:
            rule, fee = f"Until {last}, {terms.cooling_off_days} days after the draw, paying early costs nothing.", 0
        else:
            rule = "Paying early costs a share of the principal that is not billed yet, rounded to the nearest fen."
            fee = half_up(terms.early_settlement_fee, plan.left)
        shown = f"{terms.early_settlement_fee} x {yuan(plan.left)}, rounded" if fee else "0.00"
        behind = [book.died.told] if self._dead() and book.died else []
        section = DEATH if behind else SETTLEMENT
        share = str(terms.early_settlement_fee)
        return [step(rule, section, shown, fee, events=behind, plan_id=name, early_settlement_fee=share)]

    def _cap(self) -> Iterator[Step]:
        over = self.charged - self.waived - self.book.cap_room
        if over <= 0:
            return
        self.waived += over
        forgiven = min(over, self.unbilled)
        back = self.credit + over - forgiven
        paid = min(back, self.payable - forgiven)
        self.credit = back - paid
        self.payable -= forgiven + paid
        self.unbilled -= forgiven
        yield step(
            "What charges exceed the all-in cap by is given up, or given back, which pays what is payable.",
            CAP,
            f"{yuan(self.charged)} - {yuan(self.waived - over)} - {yuan(self.book.cap_room)}",
            over,
            given_back_fen=over - forgiven,
        )

    def _dead(self) -> bool:
        return self.book.died is not None and self.book.day > self.book.died.on


def _principal(name: str, plan: Plan) -> Step:
    return step(
        "Whoever pays a plan off pays all principal that is still to come of it.",
        SETTLEMENT,
        " + ".join(yuan(each.left) for each in plan.coming if each.left) or "0.00",
        plan.left,
        events=[plan.told, plan.as_of, *(told for each in plan.coming for _, told in each.taken)],
        plan_id=name,
    )
