"""What the report of one account follows from: the state it has reached, what turned on which day, its closed months."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Literal, NamedTuple
from uuid import UUID

from domain.calendar import add_months
from domain.events import CloseKind, ReportCode, Standing, UnpaidMinimum
from projections.metro2 import Portfolio, Rating, Status
from projections.payments import Paid

# How many closed months are kept.
KEPT = 60
What = Literal[
    "limit",
    "closed",
    "reinstated",
    "lost",
    "found",
    "early_settlement",
    "relief",
    "principal_waived",
    "agreed_on_less",
    "settled",
    "owing",
    "bill_day",
    "unbilled",
    "delinquent",
    "drawn",
    "agreed",
    "agreement_ends",
    "agreement_over",
]
_ENDS: frozenset[What] = frozenset({"closed", "lost", "drawn"})
_AGREEMENT: tuple[What, ...] = ("agreed", "agreement_ends", "agreement_over")
# Of these the last one holds until another turns it, however long ago it was.
_LASTING: tuple[frozenset[What], ...] = (
    frozenset({"limit"}),
    frozenset({"closed", "reinstated"}),
    frozenset({"lost", "found"}),
    frozenset({"settled", "owing"}),
    frozenset({"settled"}),
    frozenset({"principal_waived"}),
    frozenset({"agreed_on_less"}),
    frozenset({"delinquent"}),
    frozenset({"drawn"}),
    frozenset({"agreed"}),
    frozenset(_AGREEMENT),
)


class Turn(NamedTuple):
    """Something that seldom happens and that months are told by, from the day `on`.

    A new `limit` of `fen`; the account `closed` (`said` is the kind) or `reinstated`; its debt `lost` as so much, due
    since what is `said`, or `found` to be no loss; a plan settled early; debt given up as a `relief`, principal among
    it, or because less than all was agreed on; ended and all of it paid, `settled`, or `owing` again; a `bill_day` that
    holds from then; a month in which it moved and that was `unbilled` (by its first day); a month in which a delinquency
    began, which counts since what is `said`; the first loan `drawn`; a restructuring `agreed` on, whose plan is `said`
    and has `fen` instalments, the last of which was billed (`agreement_ends`), and that was kept or broken
    (`agreement_over`).
    """

    on: date
    what: What
    fen: int = 0
    said: str = ""


class Denied(NamedTuple):
    """A dispute of the report: which months, since when, and how and when it was decided."""

    dispute_id: str
    months: tuple[str, ...]
    on: date
    outcome: Literal["upheld", "rejected"] | None = None
    decided_on: date | None = None


class Corrected(NamedTuple):
    """A month that is told with another code as long as `reckoned` is what follows from the facts."""

    month: date
    reckoned: ReportCode
    told: ReportCode


@dataclass(frozen=True, slots=True)
class ReportMonth:
    """One month as it ended, or, of the open month, as it stands. `month` is its first day; amounts in minor units.

    It says what follows from the facts; a dispute that was upheld may have it told otherwise. Of a month that was taken
    over only the codes are known.
    """

    account_id: UUID
    month: date
    code: ReportCode
    days_past_due: int | None = None
    past_due_fen: int | None = None
    missed_minima: int | None = None
    balance_fen: int | None = None
    oldest_missed_due: date | None = None
    last_payment_on: date | None = None
    last_payment_fen: int | None = None
    # In the other dialect: account status, payment rating, amount past due and first delinquency.
    status: Status | None = None
    rating: Rating | None = None
    thirty_days_late_fen: int | None = None
    first_delinquency: date | None = None
    # Of which loan of the account; empty where it is the account's own.
    plan_id: str = ""


@dataclass(slots=True)
class ReportRow:
    """What the report of one account, or of one loan of it, follows from; `months` are those told since it was loaded.

    A loan is opened when it is drawn, and its limit is what was drawn.
    """

    account_id: UUID
    version: int
    product: str
    currency: str
    zone: str
    grace_days: int
    tolerance_fen: int
    opened_on: date
    business_date: date
    activated_on: date | None = None
    standing: Standing = "clear"
    owed_fen: int = 0
    unpaid_minima: tuple[UnpaidMinimum, ...] = ()
    # Of statements, those tested in the open month or later; when a minimum was last missed, a statement last issued.
    due_dates: tuple[date, ...] = ()
    missed_on: date | None = None
    billed_on: date | None = None
    # The days past due as the business date began; when all was last paid, and the days past due of that morning.
    morning_dpd: int = 0
    paid_off_on: date | None = None
    paid_off_dpd: int = 0
    payments: tuple[Paid, ...] = ()
    turns: tuple[Turn, ...] = ()
    disputes: tuple[Denied, ...] = ()
    corrections: tuple[Corrected, ...] = ()
    # Of the closed months that are kept, oldest first: their codes, and what a Metro 2 history says of them.
    history: str = ""
    grades: str = ""
    # The first day of the first month that is not closed yet; None before activation.
    open_month: date | None = None
    months: list[ReportMonth] = field(default_factory=list)
    # The loans of an account, by their plans, in the order in which they were drawn; of one loan its plan and the principal
    # that is owed.
    loans: "dict[str, ReportRow]" = field(default_factory=dict)
    plan_id: str = ""
    principal_fen: int = 0

    @property
    def is_loan(self) -> bool:
        """Whether it is drawn and repaid, and not a line."""
        return self.product == "cash_loan"

    @property
    def portfolio(self) -> Portfolio:
        """The kind of account, as Metro 2 has it."""
        return "I" if self.is_loan else "R"

    def turn(self, on: date, what: What, fen: int = 0, said: str = "") -> None:
        """Something turned on that day."""
        self.turns = (*self.turns, Turn(on, what, fen, said))

    def add_due_date(self, due: date) -> None:
        """Something is due on that day; several demands may be."""
        if due not in self.due_dates:
            self.due_dates = (*self.due_dates, due)

    def at(self, month: date) -> int:
        """Where a closed month is in `history` and `grades`; of the open month, their length."""
        ahead = self.open_month or month
        return len(self.history) - ((ahead.year - month.year) * 12 + ahead.month - month.month)

    def limit_on(self, day: date) -> int:
        """The limit at the end of `day`."""
        turn = self._last(day, "limit")
        return turn.fen if turn else 0

    def closed_on(self, day: date) -> tuple[date, CloseKind] | None:
        """Since when, and how, the limit is gone at the end of `day`."""
        turn = self._last(day, "closed", "reinstated")
        return (turn.on, turn.said) if turn and turn.what == "closed" else None  # type: ignore[return-value] # a kind

    def lost_on(self, day: date) -> Turn | None:
        """The charge-off that stands at the end of `day`, whether or not the debt was paid since."""
        turn = self._last(day, "lost", "found")
        return turn if turn and turn.what == "lost" else None

    def never_ended(self) -> bool:
        """Whether it was neither closed nor charged off so far, and is no loan that was drawn."""
        for turn in self.turns:  # noqa: SIM110 - a loop, as below
            if turn.what in _ENDS:
                return False
        return True

    def ended_on(self, day: date) -> date | None:
        """Since when, as known at the end of `day`, the report ends as soon as nothing is owed."""
        closed, lost, drawn = self.closed_on(day), self.lost_on(day), self._last(day, "drawn")
        days = [*([closed[0]] if closed else []), *(turn.on for turn in (lost, drawn) if turn)]
        return min(days, default=None)

    def has_drawn(self) -> bool:
        """Whether a loan was drawn so far."""
        return self._last(date.max, "drawn") is not None

    @property
    def settled_on(self) -> date | None:
        """Closed, charged off or a loan, and nothing owed any more: the report ends with this month."""
        return self.settled_by(date.max)

    def settled_by(self, day: date) -> date | None:
        """Since when it was settled at the end of `day`."""
        turn = self._last(day, "settled", "owing")
        return turn.on if turn and turn.what == "settled" else None

    def ended_by(self, day: date) -> date | None:
        """Since when the limit is gone at the end of `day`, or a loan repaid, whichever was first."""
        closed, repaid = self.closed_on(day), self.settled_by(day) if self.is_loan else None
        return min((on for on in (closed and closed[0], repaid) if on is not None), default=None)

    def principal_was_waived(self, day: date) -> bool:
        """Whether principal was given up by the end of `day`; of loans, of what was drawn since all was repaid before."""
        return self._of_this_debt(self._last(day, "principal_waived"), day)

    def less_was_paid(self, day: date) -> bool:
        """Whether by the end of `day` principal was given up, or less than the full balance agreed on; as above."""
        return self._of_this_debt(self._last(day, "principal_waived", "agreed_on_less"), day)

    def _of_this_debt(self, turn: Turn | None, day: date) -> bool:
        if turn is None or not self.is_loan:
            return turn is not None
        settled = self.settled_by(day) or date.max
        return not any(each.what == "settled" and turn.on <= each.on < settled for each in self.turns)

    def agreed_on(self, day: date) -> date | None:
        """When debt was restructured last by the end of `day`."""
        turn = self._last(day, "agreed")
        return turn.on if turn else None

    def agreed_plan(self) -> str | None:
        """The plan of the last restructuring."""
        turn = self._last(date.max, "agreed")
        return turn.said if turn else None

    def agreed_months(self) -> int:
        """How many instalments it has."""
        turn = self._last(date.max, "agreed")
        return turn.fen if turn else 0

    def under_agreement(self, day: date) -> bool:
        """Whether an agreement stands at the end of `day`: neither broken nor over."""
        turn = self._last(day, *_AGREEMENT)
        return turn is not None and turn.what != "agreement_over"

    def order_agreements(self) -> None:
        """Have what turned in agreements in the order of its days again."""
        others = (turn for turn in self.turns if turn.what not in _AGREEMENT)
        own = sorted((turn for turn in self.turns if turn.what in _AGREEMENT), key=attrgetter("on"))
        self.turns = (*others, *own)

    def delinquent_since(self, day: date) -> date | None:
        """When the delinquency that began last by the end of `day` began."""
        turn = self._last(day, "delinquent")
        return date.fromisoformat(turn.said) if turn else None

    def turned(self, first: date, last: date, what: What) -> bool:
        """Whether it turned on one of these days."""
        for turn in self.turns:  # noqa: SIM110 - a loop, as below
            if turn.what == what and first <= turn.on <= last:
                return True
        return False

    def kept_from(self) -> date | None:
        """The first month that is kept; None as long as all are. What was settled is kept as it was then."""
        if self.open_month is None or len(self.history) < KEPT or self.settled_on is not None:
            return None
        return add_months(self.open_month, -KEPT)

    def forget(self) -> None:
        """Let go of what no month that is kept is told by."""
        kept_from = self.kept_from()
        if kept_from is None:
            return
        self.history, self.grades = self.history[-KEPT:], self.grades[-KEPT:]
        lasting = [max(_of(self.turns, kinds, kept_from), default=-1) for kinds in _LASTING]
        self.turns = tuple(turn for at, turn in enumerate(self.turns) if turn.on >= kept_from or at in lasting)

    def _last(self, day: date, *what: What) -> Turn | None:
        # A loop: it is asked several times with each event.
        for turn in reversed(self.turns):
            if turn.what in what and turn.on <= day:
                return turn
        return None


def _of(turns: tuple[Turn, ...], kinds: frozenset[What], before: date) -> Iterator[int]:
    return (at for at, turn in enumerate(turns) if turn.what in kinds and turn.on < before)
