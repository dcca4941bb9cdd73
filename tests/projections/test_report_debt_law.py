"""Lives of loans and agreements: what the report says of each month, reckoned a second time from the account itself.

The report is told from what events say; the account is folded here to the end of each month, and asked. What is learnt
late is held against the same life in which everybody knew in time.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from domain.account import fold
from domain.calendar import add_months, month_end
from domain.events import (
    AccountBilled,
    AccountEvent,
    AccountOverdue,
    CashDrawn,
    InstalmentPosted,
    PaymentReceived,
    PlanCreated,
)
from domain.refusals import Refused
from domain.terms import CASH_LOAN, CASH_LOAN_EVEN, PAY_LATER, Terms
from projections.bureau import MonthLine
from tests.projections.late_facts import learns
from tests.projections.stories import Story
from tests.projections.test_report_law import reported, the_report_holds

LOANS = (CASH_LOAN, CASH_LOAN_EVEN, CASH_LOAN.model_copy(update={"version": "graceful", "grace_days": 3}))
BEGIN = date(2026, 1, 5)


def borrowing(seed: int, terms: Terms, steps: int = 30) -> Story:
    """Loans are drawn and repaid, early, in time, late or never, and what cannot be paid is restructured."""
    chance = Random(f"report {seed}")
    story, on = Story(f"borrower-{seed}", terms=terms), BEGIN
    careless = chance.random() < 0.5
    for number in range(steps):
        on = _soon(story, on, chance)
        try:
            _borrow(story, on, chance, number, careless=careless)
        except Refused:
            continue
    return story.advances(on + timedelta(days=chance.choice((0, 40))))


def _soon(story: Story, on: date, chance: Random) -> date:
    ahead = story.account.next_event_on()
    if ahead is not None and ahead >= on and chance.random() < 0.4:
        return ahead
    return on + timedelta(days=chance.choice((0, 1, 3, 9, 20, 31)))


def _borrow(story: Story, on: date, chance: Random, number: int, *, careless: bool) -> None:
    loan = story.advances(on).account.ledger.terms.product == "cash_loan"
    plans = list(story.account.ledger.plans)
    match chance.choices(range(7), (22, 8, 40, 4, 4, 6, 2) if careless else (22, 45, 12, 8, 8, 3, 6))[0]:
        case 0 if loan:
            story.draws(on, chance.choice((600, 100_000, 1_000_000)), chance.choice((1, 2, 3, 6)), f"n{number}")
        case 0:
            story.buys(on, chance.choice((620, 30_000, 123_457)))
        case 1:
            story.pays_demand(on)
        case 2:
            pass
        case 3:
            left = story.on(on)
            story.pays(on, max(1, left.owed + max(0, left.accrued)))
        case 4:
            story.restructures(on, chance.choice((1, 2, 4)), f"a{number}")
        case 5:
            story.pays(on, chance.choice((1_000, 100_000)))
        case _ if plans:
            story.settles(on, chance.choice(plans))


def told_otherwise(events: list[AccountEvent], line: MonthLine) -> list[str]:
    """What of a month does not follow from the account as it stood at its end."""
    first = date.fromisoformat(f"{line.month}-01")
    end = min(month_end(first), events[-1].business_date)
    known = [each for each in events if each.business_date <= end]
    account = fold(None, known).fork()
    ledger = account.ledger
    ledger.pass_time(end)
    loan = ledger.terms.product == "cash_loan"
    drawn = any(isinstance(each, CashDrawn) for each in known)
    lost, over = ledger.charged_off_due is not None, account.access == "closed" or (loan and drawn)
    agreed = [each for each in known if isinstance(each, PlanCreated) and each.kind == "restructuring"]
    digit = str(min(7, (ledger.dpd + 29) // 30))
    code = digit if ledger.dpd else "M" if _missed(known, first) else "N" if _due(known, first, end) else "*"
    if lost and ledger.owed:
        code = "B"
    elif (over or lost) and not ledger.owed and (first <= _paid_off(known) or _ended(known, first)):
        code = "C"
    tier = next(
        tier
        for most, tier in (
            (0, "normal"),
            (90, "special_mention"),
            (270, "substandard"),
            (360, "doubtful"),
            (9_999, "loss"),
        )
        if ledger.dpd <= most
    )
    if tier == "normal" and agreed and end < add_months(agreed[-1].business_date, 12):
        tier = "special_mention"
    expected = {
        "code": code,
        "days_past_due": ledger.dpd,
        "balance_fen": ledger.owed,
        "past_due_fen": ledger.arrears,
        "tier": "loss" if lost and ledger.owed else tier,
        "under_agreement": ledger.agreement is not None and ledger.owed > 0,
        "personalised": any(first <= each.business_date for each in agreed),
    }
    says = {
        **{name: getattr(line, name) for name in ("code", "days_past_due", "balance_fen", "past_due_fen", "tier")},
        "under_agreement": line.metro2.special_comment == "AC",
        "personalised": "14" in line.special_transactions,
    }
    return [
        f"{line.month} {name}: {says[name]}, not {value}" for name, value in expected.items() if says[name] != value
    ]


def _missed(known: list[AccountEvent], first: date) -> bool:
    return any(isinstance(each, AccountOverdue) and each.business_date >= first for each in known)


def _due(known: list[AccountEvent], first: date, end: date) -> bool:
    """A due date came that no agreement took back before."""
    dates: set[date] = set()
    for at, each in enumerate(known):
        if isinstance(each, AccountBilled | InstalmentPosted) and each.due_date is not None:
            dates.add(each.due_date)
        if isinstance(each, PlanCreated) and each.kind == "restructuring":
            before = fold(None, known[:at]).ledger
            before.pass_time(each.business_date)
            dates -= {
                layer.due_date for layer in before.layers if before.test_date(layer.due_date) > each.business_date
            }
    return any(first <= due <= end for due in dates)


def _paid_off(known: list[AccountEvent]) -> date:
    """When what was owed last came to nothing."""
    days = [date.min]
    owed = 0
    for each in known:
        after = getattr(each, "owed_after", None)
        if after is not None:
            if owed and not after.total:
                days.append(each.business_date)
            owed = after.total
    return days[-1]


def _ended(known: list[AccountEvent], first: date) -> bool:
    """An account that owed nothing was closed in the month, and had not been repaid before."""
    closed = any(each.TYPE == "account.closed" and each.business_date >= first for each in known)
    return closed and not any(isinstance(each, CashDrawn) for each in known)


LIVES: tuple[Callable[[int], Story], ...] = (
    lambda seed: borrowing(seed, LOANS[seed % len(LOANS)]),
    lambda seed: borrowing(seed, PAY_LATER),
)


@pytest.mark.parametrize("kind", LIVES, ids=["loans", "lines"])
def test_every_month_is_told_as_the_account_stood_at_its_end(kind):
    seen = set()
    for seed in range(60):
        events = [each.event for each in kind(seed).recorded]
        _, lines = reported(events, events[-1].business_date)
        for line in lines:
            assert told_otherwise(events, line) == [], seed
            seen |= {line.code, line.metro2.special_comment, line.tier, *line.special_transactions}
        the_report_holds(events, events[-1].business_date)
    assert seen >= {"*", "N", "M", "1", "2", "3", "B", "C", "AC", "5", "14", "special_mention", "substandard"} - (
        {"C"} if kind is LIVES[1] else set()
    )


def test_a_life_learnt_late_is_told_as_the_same_life_known_in_time():
    """Some of the payments are learnt days or weeks after they counted."""
    compared = 0
    for seed in range(80):
        late, known = in_both_ways(seed)
        if late is None:
            continue
        compared += 1
        last = late.recorded[-1].event.business_date
        events = [[each.event for each in story.recorded] for story in (late, known)]
        lines = [reported(each, last)[1] for each in events]
        for told_late, told_in_time in zip(*lines, strict=True):
            assert _comparable(late, told_late) == _comparable(late, told_in_time), seed
    assert compared > 40


def in_both_ways(seed: int) -> tuple[Story | None, Story]:
    """One life twice; None where something was refused or decided in one of them that was not in the other."""
    chance = Random(f"late {seed}")
    terms = (*LOANS, PAY_LATER)[seed % 4]
    story = Story(f"late-{seed}", terms=terms)
    facts: list[tuple[date, date, str, int]] = []
    for number in range(3):
        on = BEGIN + timedelta(days=chance.randrange(90))
        facts.append((on, on, f"d{number}", chance.choice((600, 100_000, 123_457))))
    for number in range(8):
        on = BEGIN + timedelta(days=chance.randrange(200))
        learnt = on + timedelta(days=chance.choice((0, 0, 3, 20, 45)))
        facts.append((on, learnt, f"r{number}", chance.choice((1_000, 34_000, 60_000, 123_457))))
    agreed = BEGIN + timedelta(days=chance.randrange(60, 120))
    # Up to the agreement everything is known in time: its plan would be another one.
    facts = [(on, on if on <= agreed else learnt, name, fen) for on, learnt, name, fen in facts]
    stories = []
    for when in (1, 0):
        story = Story(f"late-{seed}", terms=terms)
        asked = sorted([*facts, (agreed, agreed, "a", 0)], key=lambda fact: (fact[when], fact[2][0] == "a", fact))
        refused = []
        for fact in asked:
            try:
                _say(story, fact, fact[when])
            except Refused as why:
                refused.append((fact[2], why.reason))
        stories.append((story.advances(BEGIN + timedelta(days=270)), refused))
    (late, refused_late), (known, refused) = stories
    same = refused_late == refused and _regime(late) == _regime(known) == {"charges_first"}
    lost = any(each.type == "account.charged_off" for story in (late, known) for each in story.recorded)
    return (late if same and not lost else None), known


def _comparable(story: Story, line: MonthLine) -> dict[str, Any]:
    """A line has a statement on the days on which one was issued, whatever is learnt later: then something was due."""
    said = line.model_dump()
    if story.account.ledger.terms.product == "pay_later":
        said |= {name: said[name].replace("*", "N") for name in ("code", "worst_code")}
    return said


def _say(story: Story, fact: tuple[date, date, str, int], learnt: date) -> None:
    on, _, name, fen = fact
    match name[0]:
        case "d" if story.account.ledger.terms.product == "cash_loan":
            story.draws(on, fen, 3, name)
        case "d":
            story.buys(on, fen)
        case "a":
            story.advances(on).restructures(on, 3)
        case _:
            learns(story, learnt, fen, on, name)


def _regime(story: Story) -> set[str]:
    return {each.event.regime for each in story.recorded if isinstance(each.event, PaymentReceived)}
