"""The simulated portfolio: people of known kinds, each with a stream of chance of their own, from one seed.

An account depends on the seed and its own number only, so a larger portfolio contains the smaller ones.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from uuid import UUID

from domain.customer_commands import CustomerCommand
from domain.identity import account_id_for
from domain.terms import (
    CASH_LOAN,
    CASH_LOAN_BULLET,
    CASH_LOAN_EVEN,
    PAY_LATER,
    PAY_LATER_CARD,
    PAY_LATER_FREE,
    STANDARD,
    Terms,
)
from domain.underwriting import STANDARD_POLICY
from infra.portfolio.agreements import breaks_an_agreement, keeps_an_agreement
from infra.portfolio.borrowers import agrees_on_a_loan, stops_repaying
from infra.portfolio.hard_cases import pays_what_was_lost, stops_for_good
from infra.portfolio.ledger import Book
from infra.portfolio.life import Half, Life
from infra.portfolio.people import Halves, Person, is_turned_away, reaches_the_limit
from infra.portfolio.population import IN_TURN, LOANS
from infra.portfolio.reckoning import Agreement
from infra.portfolio.script import Said, Step

FIRST_DAY = date(2026, 1, 1)
LAST_DAY = date(2026, 9, 30)
# Statements come on the first day of one half of the month, so that whoever pays one knows what it demands.
BILL_DAYS = (1, 15)
# Half of the accounts are opened in January, the others until the end of April.
OPENED_IN = (0, 0, 1, 1, 2, 3, 4, 5, 6, 7)
# Who is to be charged off within the portfolio's time, or to keep or break an agreement, is there in the first months.
OPENED_EARLY: dict[Person, tuple[int, ...]] = {
    stops_for_good: (0, 0, 1),
    pays_what_was_lost: (0,),
    keeps_an_agreement: (0, 1, 2, 3),
    breaks_an_agreement: (0, 1, 2, 3),
    stops_repaying: (0, 1, 2, 3),
    agrees_on_a_loan: (0, 1, 2, 3),
}
LIMITS = (200_000, 300_000, 500_000, 500_000, 800_000, 1_000_000, 1_500_000, 2_000_000, 3_000_000)  # fen
# Under which terms accounts are opened, and how many of ten.
TERMS = ((PAY_LATER, 7), (PAY_LATER_CARD, 2), (PAY_LATER_FREE, 1))
# The same of loans. With the highest limit of a line nobody has more than one person may have.
LOAN_LIMITS = (300_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000, 10_000_000)
LOAN_TERMS = ((CASH_LOAN, 4), (CASH_LOAN_EVEN, 3), (CASH_LOAN_BULLET, 3))

# What else there is, by the stored types. Nobody is told of not using an account: that takes longer than the portfolio.
HAPPENINGS = frozenset({
    "interest.posted", "late_fee.posted", "debt.waived", "balances.corrected", "payment.reversed",
    "dispute.opened", "dispute.resolved", "account.charged_off", "account.recovered",
    "hold.placed", "hold.released", "risk.alerted", "appeal.lodged", "appeal.decided", "account.reinstated",
    "death.recorded", "plan.created", "plan_fee.posted", "instalment.posted", "plan.settled_early",
    "cash.drawn", "plan.prepaid", "plan.broken",
})  # fmt: skip


def halves() -> Iterator[Half]:
    """The half months of the portfolio's time, in order."""
    first, number = FIRST_DAY, 0
    while first <= LAST_DAY:
        month_after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        following = first.replace(day=15) if first.day == 1 else month_after
        yield Half(number, first, following - timedelta(days=1))
        first, number = following, number + 1


class Portfolio:
    """A script of `accounts` simulated people. Raises ValueError for less than one account."""

    def __init__(self, accounts: int = 2_000, seed: int = 7) -> None:
        if accounts < 1:
            message = f"a portfolio has at least one account, not {accounts}"
            raise ValueError(message)
        # A hundred accounts bring it about.
        self.happenings = frozenset(HAPPENINGS if accounts >= 100 else ())
        self.name = f"demo-{accounts}-{seed}"
        self.catalogue, self.policy = STANDARD, STANDARD_POLICY
        self.accounts = accounts
        # One of each kind comes first; fewer than ten accounts may lack a kind, and so a transition.
        every = {"activated", "billed", "paid", "overdue", "frozen", "closed"}
        self.transitions = frozenset(every if accounts >= 10 else {"activated", "billed", "paid"})
        self._seed = seed
        self._lives: dict[UUID, Life] = {}
        self._untold: Sequence[Said] | None = None

    def steps(self) -> Iterator[Step]:
        """Half a month each, from the beginning. Raises RuntimeError when one is asked for before `learn`."""
        begun = [_begin(self._seed, number) for number in range(self.accounts)]
        self._lives = {life.account_id: life for life, _ in begun}
        self._untold = None
        for half in halves():
            if self._untold is not None:
                message = "the next step was asked for before it was told what became of the last"
                raise RuntimeError(message)
            commands: list[Said] = []
            for life, story in begun:
                commands += _live(life, story, half)
            commands.sort(key=lambda command: command.at)
            self._untold = commands
            yield Step(f"{half.first.day} to {half.last.day} {half.last:%B %Y}", commands)

    def learn(self, commands: Sequence[Said], refused: Sequence[bool]) -> None:
        """What became of a step, kept in each account's book."""
        for command, was_refused in zip(commands, refused, strict=True):
            if isinstance(command, CustomerCommand):
                continue  # it moves no money
            self._lives[command.account_id].book.learn(command, refused=was_refused)
        self._untold = None

    def expected_statements(self) -> Mapping[tuple[UUID, date], int]:
        """By account and bill day, so far as the portfolio has lived."""
        return {
            (account_id, day): said.balance
            for account_id, life in self._lives.items()
            for day, said in life.book.said.items()
        }

    def storyteller(self) -> UUID:
        """An account of the person to whom the most different things happened, charges and an end above all.

        Of all their accounts it is the one with the most to tell; of several people the first.
        """
        told: Counter[str] = Counter()
        for life in self._lives.values():
            told[life.customer_id] += _eventful(life)
        person = max(told, key=lambda customer_id: told[customer_id])
        return max((life for life in self._lives.values() if life.customer_id == person), key=_eventful).account_id

    def beside_it(self, account_id: UUID) -> Sequence[UUID]:
        """The other accounts of its customer."""
        person = self._lives[account_id].customer_id
        theirs = (life for life in self._lives.values() if life.customer_id == person)
        return [life.account_id for life in theirs if life.account_id != account_id]

    def beside(self, overdue: Mapping[date, int]) -> Iterator[str]:  # noqa: ARG002 - a simulation has nobody else's word
        """Nothing: what it meant is what it did."""
        return iter(())

    def kinds(self) -> Mapping[UUID, str]:
        """Who each account belongs to."""
        return {account_id: life.kind for account_id, life in self._lives.items()}


def _begin(seed: int, number: int) -> tuple[Life, Halves]:
    rng = Random(f"{seed}/{number}")  # noqa: S311 - a simulation, not a secret
    person, first_of_theirs = IN_TURN[number % len(IN_TURN)]
    theirs = number - number % len(IN_TURN) + first_of_theirs
    customer_id = f"person-{seed}-{theirs:05d}"
    opened_in = rng.choice(OPENED_EARLY.get(person, OPENED_IN))
    half = next(each for each in halves() if each.number == opened_in)
    opened_on = half.day(rng.randint(0, 8))
    offered, limits = (LOAN_TERMS, LOAN_LIMITS) if person in LOANS else (TERMS, LIMITS)
    terms = rng.choices([terms for terms, _ in offered], weights=[weight for _, weight in offered])[0]
    application = "demo-loan" if person in LOANS else "demo"
    life = Life(
        account_id=account_id_for(customer_id, application),
        customer_id=customer_id,
        kind=person.__name__,
        rng=rng,
        book=Book(opened_on, rng.choice(BILL_DAYS), agreement_of(terms)),
        limit=rng.choice(limits[:3] if person is reaches_the_limit else limits),
        terms_version=terms.version,
        opened_in=opened_in,
        name=f"{customer_id}-loan" if person in LOANS else customer_id,
    )
    return life, person(life)


def agreement_of(terms: Terms) -> Agreement:
    """The figures of the terms alone: the ledger knows none of their rules."""
    figures = {name: getattr(terms, name) for name in Agreement._fields}
    if terms.product == "cash_loan":
        figures["due_days"] = terms.bill_lead_days
    return Agreement(**figures)


def _eventful(life: Life) -> int:
    told = life.book.told
    return len(told) + 5 * (life.book.line.access == "closed") + 3 * ("interest" in told or "late fee" in told)


def _live(life: Life, story: Halves, half: Half) -> Sequence[Said]:
    """Half a month of one life; nothing before it begins, and after all is settled only the calendar of the last day."""
    final = half.last == LAST_DAY
    if half.number < life.opened_in or (life.book.over and not final):
        return ()
    life.begin(half)
    if life.book.over:
        return life.end(final=final)
    if half.number == life.opened_in:
        _apply(life, turned_away=life.kind == is_turned_away.__name__)
    else:
        next(story)
    return life.end(final=final)


def _apply(life: Life, *, turned_away: bool) -> None:
    """The first half month: the application, and what was decided on it."""
    opened_on = life.book.opened_on
    if life.book.agreement.product == "cash_loan":
        life.identify(opened_on)
    life.apply(opened_on)
    decided_on = opened_on + timedelta(days=life.rng.randint(0, 2))
    if turned_away:
        life.be_turned_away(decided_on, life.rng.choice(("declined", "withdrawn")))
        return
    life.be_granted(decided_on)
    if life.book.agreement.product == "pay_later" and life.chance(0.7):
        life.spent = -life.limit  # the limit is not in the book yet
        life.buy(decided_on, life.rng.randint(3_000, min(60_000, life.limit // 3)), "electronics")
