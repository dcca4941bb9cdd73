"""Why a month of the credit report is told with its codes: what it ended with, and the first rule that holds of it.

A second opinion as well: it is reckoned from the events, and the report's view is only compared with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, computed_field

from domain.calendar import ONE_DAY, month_end
from domain.events import (
    AccountActivated,
    AccountBilled,
    AccountChargedOff,
    AccountClosed,
    AccountEvent,
    AccountMigrated,
    AccountOpened,
    AccountOverdue,
    AccountReinstated,
    BalancesCorrected,
    BillDayChanged,
    CashDrawn,
    DebtWaived,
    InstalmentPosted,
    MoneyEvent,
    MonthEnd,
    PlanCreated,
    ReportCorrected,
    Restated,
    UnpaidMinimum,
    WriteOffUndone,
)
from domain.money import yuan
from projections.explaining import drawdowns, minima
from projections.explaining.amounts import OWED
from projections.explaining.reading import History, book_on, history
from projections.explaining.steps import Mentioned, Step, Told, mention, step

LATE_FACTS = "5.1 Late facts"
# Since how many days past due an account has which status.
_STATUSES = {"84": 180, "83": 150, "82": 120, "80": 90, "78": 60, "71": 30, "11": 0}
_STATUS_OF_DIGIT = dict(zip("1234567", ("11", "71", "78", "80", "82", "83", "84"), strict=True))


@dataclass(frozen=True, slots=True)
class Codes:
    """A month's code and its account status in the other dialect; None where nothing is known of it."""

    code: str
    status: str | None


class Rule(BaseModel):
    """One row of a table of codes: whether it holds of the month, and why."""

    model_config = ConfigDict(frozen=True)

    code: Annotated[str, Field(description="The code of the row; all of them where it has several and none holds.")]
    means: str
    holds: bool
    because: str
    events: tuple[Mentioned, ...]


class MonthExplained(BaseModel):
    """How the codes of one month came about; of each table the rows are told up to the first that holds."""

    model_config = ConfigDict(frozen=True)

    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    plan_id: Annotated[str | None, Field(description="The loan that is asked about, if it is one of them.")]
    as_of: date
    currency: str
    facts: Annotated[tuple[Step, ...], Field(description="What the month ended with, or stands at on that day.")]
    rules: Annotated[tuple[Rule, ...], Field(description="Section 8.1.")]
    dispute: Annotated[Rule | None, Field(description="What a dispute of the report that was upheld made of it.")]
    code: str
    status_rules: Annotated[tuple[Rule, ...], Field(description="Section 8.2, field 17A.")]
    status: str | None
    recorded: Annotated[Codes | None, Field(description="What the report's view tells, where it tells the month.")]

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to say so
    @property
    def agrees(self) -> bool:
        """Whether the view tells what is reckoned here."""
        return self.recorded is None or self.recorded == Codes(self.code, self.status)


class NotBegun(Exception):  # noqa: N818 - it is said to whoever asked
    """The month has not begun by the day asked for."""

    def __init__(self, month: date, day: date) -> None:
        super().__init__(f"{month:%Y-%m} has not begun on {day}")
        self.month, self.day = month, day


class _Asked(NamedTuple):
    """All that happened to the account, and what of it is told: all, or what concerns the loan of `plan_id`."""

    account: History
    told: History
    plan_id: str | None

    def before(self, version: int) -> "_Asked":
        """What was known before that event."""
        account, told = ([each for each in events if each.version < version] for events in (self.account, self.told))
        return _Asked(account, told, self.plan_id)


class _Reckoned(NamedTuple):
    """A month by the facts alone."""

    facts: tuple[Step, ...]
    rules: tuple[Rule, ...]
    status_rules: tuple[Rule, ...]

    @property
    def code(self) -> str:
        return self.rules[-1].code

    @property
    def status(self) -> str | None:
        return self.status_rules[-1].code if self.status_rules else None


def explain_month(
    events: Iterable[AccountEvent], month: date, day: date, view: Codes | None = None, plan_id: str | None = None
) -> MonthExplained:
    """How the codes of `month` (by its first day) came about, as they are told at the end of `day`.

    Of the account as a whole, or of the loan of `plan_id`. `events` are all of the account's; `view` is what the report's
    view tells. Raises NotBegun, and ValueError where nothing had been opened by `day`.
    """
    if month > day:
        raise NotBegun(month, day)
    account = history(events, day)
    currency = book_on(account[:1], day).terms.currency
    told = account if plan_id is None else drawdowns.of_loan(account, plan_id)
    asked = _Asked(account, told, plan_id)
    reckoned = _reckon(asked, month, day)
    dispute = _dispute(asked, month, reckoned)
    code, status_rules = reckoned.code, reckoned.status_rules
    if dispute is not None and dispute.holds:
        code = dispute.code
        status_rules = (*status_rules, _status_told(code, reckoned.status, dispute))
    return MonthExplained(
        month=f"{month:%Y-%m}",
        plan_id=plan_id,
        as_of=day,
        currency=currency,
        facts=reckoned.facts,
        rules=reckoned.rules,
        dispute=dispute,
        code=code,
        status_rules=status_rules,
        status=status_rules[-1].code if status_rules else None,
        recorded=view,
    )


def _rule(code: str, means: str, because: str, *behind: Told | None, holds: bool) -> Rule:
    events = {told.version: mention(told) for told in behind if told is not None}
    return Rule(
        code=code,
        means=means,
        holds=holds,
        because=because,
        events=tuple(events[version] for version in sorted(events)),
    )


def _until_one_holds(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    asked: list[Rule] = []
    for rule in rules:
        asked.append(rule)
        if rule.holds:
            break
    return tuple(asked)


# What a month ended with


class _Month:
    """A month that is the account's own, up to its end or to `day` if that is before."""

    def __init__(self, asked: _Asked, first: date, day: date) -> None:
        self.asked, self.told = asked, asked.told
        told = self.told
        self.first, self.last = first, min(month_end(first), day)
        self.known = [each for each in told if each.event.business_date <= self.last]
        self.anew = self._anew(self.last)
        self.closed = self._standing(self.last, AccountClosed, AccountReinstated)
        self.lost = self._standing(self.last, AccountChargedOff, WriteOffUndone)
        self.drawn = next((each for each in self.known if _is_drawn(told[0], each)), None)
        self.steps: tuple[Step, ...]
        if self.anew is not None:
            told_anew, end = self.anew
            self.owed, self.dpd = end.owed_fen, end.dpd
            self.steps = (self._told_anew(told_anew, end),)
        elif asked.plan_id is not None:
            account = [each for each in asked.account if each.event.business_date <= self.last]
            late = drawdowns.days_late(account, self.known, asked.plan_id, self.last)
            last = minima.latest(self.known, MoneyEvent)
            self.owed, self.dpd = last[1].owed_after.total if last else 0, late.result
            self.steps = (late,)
        else:
            book = book_on(self.known, self.last)
            missed = book.missed()
            self.owed, self.dpd = book.owed, book.days_late(missed[0]) if missed else 0
            self.steps = tuple(minima.dpd(self.known, self.last).steps)
        self.steps += (self._all_owed(),)

    def _anew(self, end: date) -> tuple[Told, MonthEnd] | None:
        """The last correction of a later month that says how the one of `end` ended."""
        found = None
        for each in self.told:
            event = each.event
            if isinstance(event, Restated) and event.business_date > end:
                found = next(((each, told) for told in event.months if told.month_end == end), found)
        return found

    def _standing(self, day: date, begins: type[AccountEvent], ends: type[AccountEvent]) -> Told | None:
        """The last event of the one kind by `day` that none of the other has undone."""
        last = None
        for each in self.told:
            if each.event.business_date <= day and isinstance(each.event, begins | ends):
                last = each if isinstance(each.event, begins) else None
        return last

    def _told_anew(self, told: Told, end: MonthEnd) -> Step:
        event = told.event
        cause = None
        why = "the rules were applied anew"
        if isinstance(event, BalancesCorrected) and event.cause_version is not None:
            cause, why = (
                self.asked.account[event.cause_version - 1],
                f"something was learnt that counts from {event.from_date}",
            )
        oldest = f", since {end.oldest_missed_due} was missed" if end.oldest_missed_due else ""
        return step(
            f"On {event.business_date} {why}: how the month is now known to have ended takes the place of what was told.",
            LATE_FACTS,
            f"{end.dpd} days past due{oldest}",
            end.dpd,
            unit="days",
            events=[cause, told],
            past_due_fen=sum(each.amount_fen for each in end.unpaid_minima if end.dpd),
        )

    def _all_owed(self) -> Step:
        found = minima.latest(self.known, MoneyEvent)
        behind = self.anew[0] if self.anew else found[0] if found else None
        return step(f"All that was owed at the end of {self.last}.", OWED, yuan(self.owed), self.owed, events=[behind])

    @property
    def settled(self) -> list[Told]:
        """Why it was in this month that a closed account, lost debt or a loan owed nothing any more; else empty."""
        ended = [each for each in (self.drawn, self.closed, self.lost) if each is not None]
        if self.owed or not ended:
            return []
        paid = self._paid_off()
        last = self.first - ONE_DAY
        before = _Month(self.asked, last.replace(day=1), last) if _has_month(self.told, last) else None
        settled_before = before is not None and not before.owed and (before.drawn or before.closed or before.lost)
        if settled_before and paid is None and (self.drawn or not self._went_on()):
            return []
        return [*ended, *([paid] if paid else [])]

    def _went_on(self) -> bool:
        """Whether in this month it came back, and was neither closed nor lost for a while."""
        closed = lost = came_back = False
        for each in self.known:
            event = each.event
            if isinstance(event, AccountClosed | AccountReinstated):
                closed = isinstance(event, AccountClosed)
            elif isinstance(event, AccountChargedOff | WriteOffUndone):
                lost = isinstance(event, AccountChargedOff)
            else:
                continue
            came_back = came_back or (event.business_date >= self.first and not closed and not lost)
        return came_back

    def _paid_off(self) -> Told | None:
        """What says that in this month something was owed and all of it paid."""
        owing, paid = False, None
        for each in [*self.known, *([self.anew[0]] if self.anew else [])]:
            event = each.event
            if isinstance(event, Restated) and event.from_date < event.business_date:
                # It knows better than what was said before.
                days = [off.on for off in event.paid_off if self.first <= off.on <= self.last]
                owing, paid = event.owed_after.total > 0, each if days else None
            elif isinstance(event, MoneyEvent):
                if owing and not event.owed_after.total and event.business_date >= self.first:
                    paid = each
                owing = event.owed_after.total > 0
        return paid

    @property
    def missed(self) -> Told | None:
        """What says that a minimum was missed in the month."""
        if self.anew is not None:
            return self.anew[0] if self.anew[1].missed_this_month else None
        found = None
        for each in self.known:
            event = each.event
            if isinstance(event, Restated) and event.from_date < event.business_date:
                # It knows better than what was said before.
                found = each if event.missed_on is not None and event.missed_on >= self.first else None
            elif isinstance(event, AccountOverdue) and event.business_date >= self.first:
                found = each
        return found

    @property
    def due(self) -> Told | None:
        """The statement whose due date fell in the month, or a loan's instalment that left nothing for one."""
        found: dict[date, Told] = {}
        # An agreement is made on all that the account owes, so of a loan, too, it takes back what was due of any.
        demanded = {
            each.version: each.event.unpaid_minima_after
            for each in self.asked.account
            if isinstance(each.event, MoneyEvent)
        }
        waiting: tuple[UnpaidMinimum, ...] = ()
        grace = timedelta(days=book_on(self.told[:1], self.last).terms.grace_days)
        for each in self.known:
            event = each.event
            dates: list[date | None] = [event.due_date] if isinstance(event, AccountBilled | InstalmentPosted) else []
            if isinstance(event, AccountMigrated):
                dates = [minimum.due_date for minimum in event.minima_left]
            found |= {due: each for due in dates if due is not None and self.first <= due <= self.last}
            if isinstance(event, PlanCreated) and event.kind == "restructuring":
                # What was not due yet, grace included, is not demanded any more.
                for minimum in waiting:
                    if minimum.due_date + grace >= event.business_date:
                        found.pop(minimum.due_date, None)
            if isinstance(event, MoneyEvent):
                waiting = demanded[each.version]
        last = max(found.values(), key=lambda each: each.version, default=None)
        if self.anew is None:
            return last
        return (last or self.anew[0]) if self.anew[1].due_this_month else None

    @property
    def moved(self) -> Told | None:
        """The move of the bill day that came in the month, where no statement did."""
        move = None
        for each in self.known:
            event = each.event
            if isinstance(event, AccountBilled) and event.business_date >= self.first:
                return None
            if isinstance(event, BillDayChanged) and self.first <= event.from_date <= self.last:
                move = each
        return move

    @property
    def waived(self) -> Told | None:
        """The last time that principal was given up; of loans, of what was drawn since all was repaid before."""
        found, owed = None, 0
        for each in self.known:
            event = each.event
            if isinstance(event, CashDrawn) and not owed:
                found = None
            if isinstance(event, DebtWaived) and event.principal_fen:
                found = each
            if isinstance(event, MoneyEvent):
                owed = event.owed_after.total
        return found


def _is_drawn(opened: Told, told: Told) -> bool:
    """Whether with this event a loan account has debt: from then on its report ends when all is repaid."""
    event, first = told.event, opened.event
    loan = isinstance(first, AccountOpened) and first.product == "cash_loan"
    return isinstance(event, CashDrawn) or (loan and isinstance(event, AccountMigrated) and event.owed_after.total > 0)


def _begin(told: History) -> Told | None:
    """The event since which there is a report, if there is one."""
    begins = AccountActivated | AccountMigrated | CashDrawn
    return next((each for each in told if isinstance(each.event, begins)), None)


def _has_month(told: History, day: date) -> bool:
    begin = _begin(told)
    return begin is not None and begin.event.business_date <= day


# The rules


def _reckon(asked: _Asked, first: date, day: date) -> _Reckoned:
    """The month by the facts, as they are known from what is `asked`."""
    begin, end = _begin(asked.told), month_end(first)
    none_yet = "no account yet"
    if begin is None:
        return _Reckoned((), (_rule("/", none_yet, "it was never activated", holds=True),), ())
    event, since = begin.event, f"it has a report since {begin.event.business_date}"
    if event.business_date > end:
        known = event.history if isinstance(event, AccountMigrated) else ""
        months_before = (event.business_date.year - first.year) * 12 + event.business_date.month - first.month
        if months_before > len(known):
            return _Reckoned((), (_rule("/", none_yet, since, begin, holds=True),), ())
        code = known[-months_before]
        why = f"it was taken over on {event.business_date} with the codes of {len(known)} months"
        rule = _rule(code, "taken over as it was told elsewhere", why, begin, holds=True)
        return _Reckoned((), (rule,), () if code == "#" else (_status_told(code, None, rule),))
    month = _Month(asked, first, day)
    rows = (_rule("/", none_yet, since, begin, holds=False), *_until_one_holds(_rows(month)))
    return _Reckoned(month.steps, rows, _until_one_holds(_status_rows(month)))


def _rows(month: _Month) -> Iterator[Rule]:
    """Table 8.1, row by row; "nothing due" is asked last, since it holds of every month that the others do not."""
    settled, waived, owed = month.settled, month.waived, yuan(month.owed)
    ended, neither = "closed or charged off, and nothing owed, since this month", "neither closed nor charged off"
    if month.drawn is not None:
        ended, neither = "a loan, and all of it repaid in this month", "a loan"
    why_not = f"{owed} is owed" if month.owed else f"it is {neither}, or was settled before"
    means = "settled, but part of the principal was waived"
    if settled and waived is not None:
        yield _rule(
            "G", means, f"{ended}; principal was waived on {waived.event.business_date}", *settled, waived, holds=True
        )
    yield _rule("G", means, "no principal was waived" if settled else why_not, holds=False)
    yield _rule("C", "settled, closed normally", ended if settled else why_not, *settled, holds=bool(settled))
    lost = month.lost if month.owed else None
    since = f"charged off on {lost.event.business_date}, and {owed} is owed" if lost else "no charged-off debt is owed"
    yield _rule("B", "bad debt", since, lost, holds=lost is not None)
    digit = str(min(7, (month.dpd + 29) // 30)) if month.dpd else "1-7"
    yield _rule(digit, "overdue by days past due / 30, rounded up", f"{month.dpd} days past due", holds=month.dpd > 0)
    missed, due = month.missed, month.due
    made_good = (
        "a minimum was missed in the month and made good in it" if missed else "no minimum was missed in the month"
    )
    yield _rule("M", "repaid after the due date, before the month's end", made_good, missed, holds=missed is not None)
    met = "a due date fell in the month and nothing was missed" if due else "no due date fell in the month"
    yield _rule("N", "normal", met, due, holds=due is not None)
    moved = month.moved
    no_statement = (
        "the bill day moved and no statement came" if moved else "the bill day did not move, or a statement came"
    )
    yield _rule("A", "bill day moved", no_statement, moved, holds=moved is not None)
    yield _rule("*", "nothing due", met, holds=True)


def _status_rows(month: _Month) -> Iterator[Rule]:
    """Field 17A, from what is asked first."""
    lost, closed, owed = month.lost, month.closed, yuan(month.owed)
    on = f"charged off on {lost.event.business_date}; {owed} is owed" if lost else "it was not charged off"
    yield _rule("97", "charged off and owing", on, lost, holds=lost is not None and month.owed > 0)
    yield _rule("64", "charged off and paid", on, lost, holds=lost is not None and not month.owed)
    gone = f"closed on {closed.event.business_date}; {owed} is owed" if closed else "it is not closed"
    over = closed or month.drawn
    if month.drawn is not None and closed is None:
        gone = f"a loan was drawn; {owed} is owed"
    yield _rule("13", "closed or repaid, zero balance", gone, over, holds=over is not None and not month.owed)
    status, days = next((status, days) for status, days in _STATUSES.items() if month.dpd >= days)
    means = f"{days} or more days past due" if days else "less than 30 days past due"
    yield _rule(status, means, f"{month.dpd} days past due", holds=True)


# Disputes


def _dispute(asked: _Asked, first: date, reckoned: _Reckoned) -> Rule | None:
    """What the last upheld dispute of the month told instead; it holds as long as the facts lead to the same code."""
    for each in reversed(asked.told):
        event = each.event
        changes = event.changes if isinstance(event, ReportCorrected) else ()
        change = next((change for change in changes if change.month == f"{first:%Y-%m}"), None)
        if change is not None:
            then = _reckon(asked.before(each.version), first, event.business_date).code
            holds = then == reckoned.code
            still = "its facts still lead" if holds else f"its facts led then, and now lead to {reckoned.code}"
            why = f"decided on {event.business_date} of the code {then}, to which {still}"
            return _rule(change.new, "corrected after a dispute of the report", why, each, holds=holds)
    return None


def _status_told(code: str, reckoned: str | None, behind: Rule) -> Rule:
    """The other dialect's status that says the same as a code of which the facts are not known, or not believed."""
    status = {"B": "97", "C": "13", "G": "13", **_STATUS_OF_DIGIT}.get(code, "11")
    if status == "13" and reckoned == "64":
        status = "64"
    return Rule(
        code=status,
        means="what the code that is told says in the other dialect",
        holds=True,
        because=f"the code told is {code}",
        events=behind.events,
    )
