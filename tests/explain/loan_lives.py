"""Lives of loans, and of lines that are restructured: paid in time, late and early, returned, kept and broken, lost."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from domain import charges
from domain.account import Account
from domain.commands import Draw, PrepayPlan, Restructure, SettleEarly, Unfreeze
from domain.plans import principal_left
from domain.terms import CASH_LOAN, CASH_LOAN_BULLET, CASH_LOAN_EVEN
from tests.domain.lives import AGREED_LATE, Life
from tests.specification import loan_terms

# The three schemes; grace and tolerance; a late fee; a cap that always bites; an early loss; a raised rate that is not.
LOANS = (
    CASH_LOAN,
    CASH_LOAN_EVEN,
    CASH_LOAN_BULLET,
    loan_terms(grace_days=5, tolerance=1_000, bill_lead_days=10),
    loan_terms(cap_annual=Decimal("0.2190"), late_fee_rate=Decimal("0.05"), late_fee_floor=2_000, cooling_off_days=0),
    loan_terms(charge_off_dpd=60, regime_dpd=30, schedule="equal_principal", bill_lead_days=26),
    loan_terms(penalty_multiplier=Decimal(1), annual_rate=Decimal("0.07"), early_settlement_fee=Decimal(0)),
    loan_terms(annual_rate=Decimal(0), schedule="interest_only", charge_off_dpd=10_000),
)
BEGINS = (date(2026, 1, 5), date(2027, 12, 29), date(2028, 1, 31), date(2026, 2, 27))


class LoanLife(Life):
    """A life that may also draw, pay early and agree."""

    def draws(self, fen: int, months: int) -> None:
        name = f"n{len(self.told)}"
        self.ask(Draw, draw_id=f"d-{name}", plan_id=name, amount_fen=fen, months=months, payout_token="bank-card-1")

    def agrees(self, months: int, rate: Decimal = Decimal(0)) -> None:
        self.ask(Restructure, plan_id=f"n{len(self.told)}", months=months, rate=rate, reason="lost_job")

    def pays_early(self, which: int, percent: int) -> None:
        """So much of one of the loans, for what it takes today; all of it where that is a hundred percent."""
        self.advances()
        plans = list(self.today().ledger.plans.values())
        if not plans:
            return
        plan = plans[which % len(plans)]
        principal = principal_left(plan)
        said: dict[str, Any] = {"payment_ref": f"e{len(self.told)}", "channel": "counter", "plan_id": plan.plan_id}
        part = max(1, principal * percent // 100)
        if percent == 100 or part == principal or plan.scheme is None:
            self.ask(SettleEarly, **said, amount_fen=charges.payoff(self.today().ledger, plan).total)
        else:
            asked = charges.payoff(self.today().ledger, plan, part)
            self.ask(PrepayPlan, **said, principal_fen=part, amount_fen=asked.total)

    def today(self) -> Account:
        account = self.account.fork()
        account.ledger.pass_time(self.day)
        return account

    def soon(self, chance: Random) -> date:
        """The same day, one of the next, or one on which something is billed, due or tested."""
        ledger = self.account.ledger
        eventful = [ledger.next_event_on(), *(each.due_date for each in ledger.layers)]
        ahead = [day for day in eventful if day is not None and day >= self.day]
        if ahead and chance.random() < 0.5:
            return chance.choice(ahead)
        return self.day + timedelta(days=chance.choice((0, 0, 1, 2, 3, 5, 9, 16, 31)))


def lending(seed: int, steps: int = 50, *, late: bool = False) -> LoanLife:
    """A random but repeatable life of loans; where it is `late`, facts are learnt late or never were."""
    chance = Random(f"loans {late} {seed}")
    life = LoanLife(LOANS[seed % len(LOANS)], chance.choice(BEGINS), 5_000_000)
    return living_on(life, chance, steps, late=late)


def living_on(life: LoanLife, chance: Random, steps: int, *, late: bool = False) -> LoanLife:
    """So many more things happen in a life."""
    for _ in range(steps):
        life.day = life.soon(chance)
        _live(life, chance, late=late)
    return life


def _live(life: LoanLife, chance: Random, *, late: bool) -> None:
    which, standing = chance.choice((0, -1, chance.randrange(99))), life.account.standing
    idle = not life.account.ledger.owed
    asked: tuple[tuple[float, Callable[[], None]], ...] = (
        (30 if idle else 7, lambda: life.draws(chance.choice((100_000, 300_000, 1_000_000, 99_999)), chance.choice((2, 3, 6, 12)))),
        (25, lambda: _pay(life, chance)),
        (8, life.advances),
        (7, lambda: life.pays_early(which, chance.choice((1, 30, 50, 99, 100, 100)))),
        (4 if standing in {"billed", "overdue"} else 0, lambda: life.agrees(chance.choice((1, 2, 3, 6, 12)), chance.choice((Decimal(0), Decimal("0.06"))))),
        (1, lambda: life.is_written_off() if chance.random() < 0.2 else life.advances()),
        (6 if standing == "charged_off" else 0, life.is_no_loss_after_all),
        (1, lambda: life.is_forgiven(chance.choice(("fees", "interest", "principal")), chance.choice((10, 50, 100)))),
        (3, lambda: life.is_paid_out(chance.choice((50, 100))) if life.account.ledger.credit else life.advances()),
        (1 if chance.random() < 0.3 else 0, lambda: life.dies(0)),
        (3 if life.account.death else 0, lambda: life.ask(Unfreeze, reason="deceased", reference="case-1")),
        (6 if late else 0, lambda: life.is_returned(which)),
        (12 if late else 0, lambda: _pay(life, chance, days_ago=chance.choice((1, 3, 10, 20, 45, 80, 170)))),
        (1 if late else 0, lambda: life.dies(chance.choice((1, 3, 20, 45)))),
        (1 if late else 0, lambda: life.is_corrected(interest_billed=700)),
    )  # fmt: skip
    chance.choices([ask for _, ask in asked], [weight for weight, _ in asked])[0]()


def _pay(life: LoanLife, chance: Random, days_ago: int = 0) -> None:
    ledger = life.account.ledger
    amounts = (
        life.due(),
        life.due(),
        life.due(),
        ledger.billed,
        ledger.billed + ledger.unbilled,
        life.due() // 2,
        10_001,
        700,
    )
    life.pays(chance.choice(amounts), days_ago=days_ago)


def agreeing(seed: int, steps: int = 45) -> LoanLife:
    """A line of which much is not paid as billed and becomes one plan by agreement; facts come late, too."""
    chance = Random(f"agreements {seed}")
    life = LoanLife(AGREED_LATE[seed % len(AGREED_LATE)], chance.choice(BEGINS), 5_000_000)
    for _ in range(steps):
        life.day = life.soon(chance)
        _agree(life, chance)
    return life


def _agree(life: LoanLife, chance: Random) -> None:
    which, standing, percent = (
        chance.choice((0, -1, chance.randrange(99))),
        life.account.standing,
        chance.choice((10, 50, 100)),
    )
    days_ago, rate = chance.choice((0, 0, 0, 1, 10, 45)), chance.choice((Decimal(0), Decimal("0.06"), Decimal("0.12")))
    asked: tuple[tuple[float, Callable[[], None]], ...] = (
        (10, lambda: life.buys(chance.choice((20, 30_000, 123_457)), forced=True)),
        (12 if standing in {"billed", "overdue"} else 0, lambda: life.agrees(chance.choice((1, 2, 3, 6)), rate)),
        (20, lambda: _pay(life, chance, days_ago=days_ago)),
        (10, life.advances),
        (4, lambda: life.pays_early(which, 100)),
        (4, lambda: life.converts(percent, 3)),
        (5, lambda: life.takes_back(which, percent, days_ago=days_ago)),
        (3, lambda: life.is_returned(which)),
        (3, lambda: life.disputes(which, percent)),
        (3, lambda: life.hears(which, chance.choice(("upheld", "rejected")))),
        (1, lambda: life.is_forgiven(chance.choice(("fees", "interest", "principal")), percent)),
        (1, lambda: life.is_written_off() if chance.random() < 0.3 else life.advances()),
        (6 if standing == "charged_off" else 0, life.is_no_loss_after_all),
        (1, lambda: life.is_corrected(fees_unbilled=70)),
        (1 if chance.random() < 0.3 else 0, lambda: life.dies(days_ago)),
    )
    chance.choices([ask for _, ask in asked], [weight for weight, _ in asked])[0]()
