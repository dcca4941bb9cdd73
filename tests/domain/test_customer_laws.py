"""Laws of people and limits, over generated lives of one person with several accounts."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given as of_any
from hypothesis import strategies as st

from domain.account import Account
from domain.customer import Customer, fold
from domain.customer_events import GROUNDS, ApplicationGranted, ApplicationRefused
from domain.underwriting import Policy
from tests import people
from tests.people import KNOWN, PERSON, Life, apply_for_line, apply_for_more, on, report_lender
from tests.specification import (
    activate,
    advance,
    appeal,
    appeal_decided,
    buy,
    change_limit,
    decline,
    force_close,
    freeze,
    open_line,
    pay,
    record_death,
    reinstate,
    request_closure,
    undo_write_off,
    unfreeze,
    withdraw_closure,
    write_off,
)

# Small enough that the bound is met often.
POLICY = Policy(version="tight", exposure_max=1_500_000)
LIMITS = st.integers(50_000, 1_200_000)
AMOUNTS = st.integers(1, 600_000)
NUMBERS = st.integers(1, 4)
# What may be asked of an account, by name, with an amount that some of it needs.
OF_ACCOUNT = {
    "open": lambda _: open_line(),
    "activate": activate,
    "decline": lambda _: decline(),
    "change_limit": change_limit,
    "buy": lambda fen: buy(f"p{fen}", fen),
    "buy_by_force": lambda fen: buy(f"p{fen}", fen, forced=True),
    "pay": lambda fen: pay(fen, ref=f"r{fen}"),
    "freeze": lambda _: freeze("abnormal_transaction"),
    "unfreeze": lambda _: unfreeze("abnormal_transaction"),
    "request_closure": lambda _: request_closure(),
    "withdraw_closure": lambda _: withdraw_closure(),
    "force_close": lambda _: force_close(),
    "appeal": lambda _: appeal("closure"),
    "uphold": lambda _: appeal_decided("upheld"),
    "reinstate": reinstate,
    "write_off": lambda _: write_off("fraud"),
    "undo_write_off": lambda _: undo_write_off(),
    "die": lambda _: record_death("2026-01-05"),
    "live_on": lambda _: unfreeze("deceased"),
}
# What mostly comes together; each of it may be refused all the same.
IN_A_ROW = [
    ("open", "activate"),
    ("buy",),
    ("buy", "request_closure"),
    ("pay",),
    ("change_limit",),
    ("request_closure", "withdraw_closure"),
    ("force_close", "appeal", "uphold", "reinstate"),
    ("buy", "write_off"),
    ("write_off", "undo_write_off"),
    *((name,) for name in OF_ACCOUNT),
]
OF_ONE = st.tuples(st.just("account"), NUMBERS, st.sampled_from(IN_A_ROW), LIMITS | AMOUNTS)
STEPS = st.one_of(
    OF_ONE,
    OF_ONE,
    OF_ONE,
    st.tuples(st.just("apply"), NUMBERS, st.just(()), LIMITS),
    st.tuples(st.just("more"), NUMBERS, st.just(()), LIMITS),
    st.tuples(st.just("lender"), NUMBERS, st.just(()), st.integers(0, 300_000)),
    st.tuples(st.just("wait"), NUMBERS, st.just(()), st.integers(1, 300)),
)
LIVES = st.lists(STEPS, min_size=10, max_size=30)
BEGINNING = (*KNOWN, apply_for_line(1, score=400_000), on(2, open_line()), on(2, activate(300_000)))


def lived(steps: list[tuple[str, int, tuple[str, ...], int]]) -> tuple[Life, list[Any]]:
    """The person after these steps, each of which may be refused, and everything that was told of them."""
    life, day = people.given(*BEGINNING, policy=POLICY), date(2026, 1, 5)
    told = [*life.events]
    for place, (kind, number, whats, amount) in enumerate(steps):
        if kind == "wait":
            day += timedelta(days=amount)
        for asked in steps_of(kind, number, whats, amount, day.isoformat(), place):
            before = life.customer
            life.when(asked)
            assert life.refusal is None or life.customer == before, "a refusal records nothing"
            assert_bounded(life, before)
            told += life.events
    return life, told


def steps_of(kind: str, number: int, whats: tuple[str, ...], amount: int, day: str, place: int) -> list[Any]:
    match kind:
        case "wait":
            return [on(number, advance(day))]
        case "account":
            return [on(number, OF_ACCOUNT[what](amount + place)._replace(on=day)) for what in whats]
        case "apply":
            return [apply_for_line(number, score=amount, on=day)]
        case "more":
            return [apply_for_more(number, score=amount, on=day, ref=f"more-{place}")]
        case _:
            return [report_lender(f"bank-{number}", amount, day, on=day)]


def reserved_by(account: Account) -> int:
    """What an account's own state says is reserved: its limit, and while it is closing the one it may return to."""
    if account.access == "closing":
        return account.limit_before_closing
    return account.limit if account.access in {"open", "frozen"} else 0


def assert_bounded(life: Life, before: Customer) -> None:
    """No step that raises a limit leaves more than the bound; other lenders and forced purchases may."""
    if life.customer.reserved > before.reserved:
        assert life.applicant.exposure() <= POLICY.exposure_max


@of_any(LIVES)
def test_what_is_reserved_is_the_sum_of_the_limits_of_the_accounts_themselves(steps):
    life, _ = lived(steps)
    limits = {account_id: reserved_by(account) for account_id, account in life.accounts.items()}
    assert life.customer.reserved == sum(limits.values())
    for account_id, line in life.customer.lines.items():
        account = life.accounts[account_id]
        assert (line.limit, line.closed) == (limits[account_id], account.access == "closed")
        assert line.charged_off == (account.standing == "charged_off")
        assert line.deceased == (account.death is not None)
    # Who never had a limit is nobody's line.
    assert life.customer.lines.keys() == {
        account_id for account_id, account in life.accounts.items() if account.activated_on is not None
    }


@of_any(LIVES)
def test_a_customer_is_the_fold_of_what_was_told(steps):
    life, told = lived(steps)
    assert fold(Customer(PERSON), told) == life.customer
    assert life.customer.version == len(told)


@of_any(LIVES)
def test_a_decision_says_what_it_rests_on(steps):
    """From the figures in the event alone: granted is the least of three, in steps; refused names what breaks its bound."""
    _, told = lived(steps)
    for event in told:
        if isinstance(event, ApplicationGranted | ApplicationRefused):
            room = max(0, event.exposure_max_fen - event.exposure_fen)
            least = min(event.product_max_fen, event.score_limit_fen, room) // POLICY.limit_step * POLICY.limit_step
            if isinstance(event, ApplicationGranted):
                assert event.limit_fen == least > event.limit_before_fen
            else:
                kinds = [ground.kind for ground in event.grounds]
                assert kinds == [kind for kind in GROUNDS if kind in kinds]
                assert all(
                    ground.found > ground.bound
                    for ground in event.grounds
                    if ground.kind in {"too_many_lenders", "debt_service_too_high", "exposure_too_high", "charged_off"}
                )
                assert ("exposure_too_high" in kinds) == (room // POLICY.limit_step * POLICY.limit_step < 50_000)
