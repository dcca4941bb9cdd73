"""What can be asked of a credit account. A command names its account, who asks, and the instant it is asked at."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, ClassVar, Literal, Self, get_args
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.events import (
    Appealable,
    AppealOutcome,
    AutopayMode,
    Channel,
    CodeChange,
    Counters,
    FreezeReason,
    MinimumLeft,
    Month,
    Owed,
    PlanLeft,
    PurchaseLeft,
)
from domain.money import AskedFen, Delta, OrdinaryBucket, Rate
from domain.terms import Product, Token

Role = Literal["customer", "officer", "risk", "merchant", "bank", "system"]


class Actor(BaseModel):
    """Who did it: a role, and a person or a program. One id is one person, in whatever role. Written `role:id`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    role: Role
    id: Token

    def __str__(self) -> str:
        return f"{self.role}:{self.id}"


EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC)
SYSTEM = Actor(role="system", id="calendar")


class AnyCommand(BaseModel):
    """What every command carries, whatever it is about: an id of its own, who asks, and when (an aware instant).

    The same `command_id` with the same content changes nothing; with other content it is refused.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    DO: ClassVar[str]
    # The roles that may ask for it; none are named where anybody may. The door says who is who.
    BY: ClassVar[tuple[Role, ...]] = ()
    # What cannot be taken back lightly needs two people, and two different ones.
    FOUR_EYES: ClassVar[bool] = False

    command_id: Token

    # Whom it is about, who asks and when follow in each kind of command: the order of fields is part of a content's hash.
    @field_validator("at", check_fields=False)
    @classmethod
    def _within_our_calendar(cls, at: datetime) -> datetime:
        # A mistyped year would bill an account for thousands of months before anybody noticed.
        if not EARLIEST <= at < LATEST:
            message = f"it must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}"
            raise ValueError(message)
        return at


class Command(AnyCommand):
    """What every command of an account carries."""

    # Whether the account's customer is asked, too, before it is decided.
    ASKS_THE_CUSTOMER: ClassVar[bool] = False

    account_id: UUID
    actor: Actor
    at: AwareDatetime
    second_actor: Actor | None = None


@cache
def _zones() -> set[str]:
    return available_timezones()  # it looks through many files


def _known_zone(zone: str) -> str:
    # Not whatever file lies beside the zones: `localtime` is another zone on another machine.
    if zone in {"localtime", "Factory"} or zone not in _zones():
        message = f"{zone!r} is not an IANA time zone, such as Asia/Shanghai"
        raise ValueError(message)
    return zone


Zone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known_zone)]


class Open(Command):
    """Accept an application: the account exists, pending, without a limit."""

    DO = "open"
    customer_id: Token
    terms_version: Token
    # The one that the terms are of; whoever says it too is held to it.
    product: Product | None = None
    zone: Zone = "Asia/Shanghai"
    bill_day: Annotated[int, Field(ge=1, le=28)] | None = None
    funding_ref: Token | None = None


class Decline(Command):
    """Turn a pending application down, or record that the applicant withdrew it."""

    DO = "decline"
    kind: Literal["declined", "withdrawn"]
    reason: Token


class Activate(Command):
    """Grant the limit: the account may borrow."""

    DO = "activate"
    limit_fen: AskedFen


class ChangeLimit(Command):
    """Set another limit; it may lie below what is owed."""

    DO = "change_limit"
    limit_fen: AskedFen
    reason: Token


class ChangeTerms(Command):
    """Move the account to other published terms from a date on; `notice_id` is the notice that was given of it."""

    DO = "change_terms"
    terms_version: Token
    from_date: date
    notice_id: Token


class ChangeBillDay(Command):
    """Bill on another day of the month from a date on."""

    DO = "change_bill_day"
    bill_day: Annotated[int, Field(ge=1, le=28)]
    from_date: date


class SetAutopay(Command):
    """Say what the bank is asked for on due dates: all that is billed, the minimum, or nothing."""

    DO = "set_autopay"
    mode: AutopayMode
    source_token: Token | None = None

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if self.source_token is None and self.mode != "off":
            raise ValueError("source_token is needed unless the mode is off")
        return self


class Purchase(Command):
    """Buy on credit: authorise and capture in one. `forced` is a capture that the network obliges us to post.

    `risk_rule` is the rule by which the risk engine declines it, if one does.
    """

    DO = "purchase"
    purchase_id: Token
    amount_fen: AskedFen
    merchant_id: Token
    forced: bool = False
    risk_rule: Token | None = None


class Authorize(Command):
    """Reserve limit for a purchase that the merchant will capture; `risk_rule` as in a purchase."""

    DO = "authorize"
    hold_id: Token
    amount_fen: AskedFen
    merchant_id: Token
    risk_rule: Token | None = None


class Capture(Command):
    """Post a purchase, or a part of it, that limit was reserved for.

    `final`: no other capture comes, so the rest of the hold is given back. `forced`: the network obliges us to post it.
    """

    DO = "capture"
    hold_id: Token
    purchase_id: Token
    amount_fen: AskedFen
    final: bool = False
    forced: bool = False


class ReleaseHold(Command):
    """Give back what is left of a hold: the merchant will not capture it."""

    DO = "release_hold"
    hold_id: Token
    reason: Token


class RefundPurchase(Command):
    """Take a purchase back, whole or in part. Only for `our_error` may it count from an earlier day."""

    DO = "refund_purchase"
    purchase_id: Token
    refund_id: Token
    amount_fen: AskedFen
    reason: Token | None = None
    value_date: date | None = None


class ConvertToPlan(Command):
    """Pay so much of the latest statement in instalments instead, for a fee."""

    DO = "convert_to_plan"
    plan_id: Token
    amount_fen: AskedFen
    months: Annotated[int, Field(ge=1, le=60)]
    statement_no: Annotated[int, Field(ge=1)] | None = None


class Draw(Command):
    """Take a loan out of the limit, to be repaid in so many months; `risk_rule` as in a purchase."""

    DO = "draw"
    ASKS_THE_CUSTOMER = True
    draw_id: Token
    plan_id: Token
    amount_fen: AskedFen
    months: Annotated[int, Field(ge=1, le=60)]
    payout_token: Token
    risk_rule: Token | None = None


class PrepayPlan(Command):
    """Pay a part of a loan's principal before it is due. The amount must be what that takes on that day."""

    DO = "prepay_plan"
    plan_id: Token
    payment_ref: Token
    channel: Channel
    principal_fen: AskedFen
    amount_fen: AskedFen


class Restructure(Command):
    """Agree with a customer who cannot pay as billed: all that is owed becomes one plan, at `rate` a year on principal."""

    DO = "restructure"
    BY = ("officer", "risk")
    plan_id: Token
    months: Annotated[int, Field(ge=1, le=60)]
    rate: Rate = Decimal(0)
    reason: Token


class SettleEarly(Command):
    """Pay a plan off before its end. The amount must be what it takes on that day."""

    DO = "settle_early"
    plan_id: Token
    payment_ref: Token
    channel: Channel
    amount_fen: AskedFen


class ReceivePayment(Command):
    """Record money that arrived. It is never refused for its size: what is too much becomes credit."""

    DO = "receive_payment"
    payment_ref: Token
    channel: Channel
    amount_fen: AskedFen
    value_date: date | None = None


class ReversePayment(Command):
    """Record that a payment was returned: it is treated as never made. `channel` where the reference alone is not one."""

    DO = "reverse_payment"
    payment_ref: Token
    reason: Token
    channel: Channel | None = None


class RefundCredit(Command):
    """Pay a credit balance out."""

    DO = "refund_credit"
    refund_id: Token
    amount_fen: AskedFen
    payout_token: Token


class WaiveDebt(Command):
    """Give up debt: so much of the fees, of the interest and of the principal that is posted and unpaid."""

    DO = "waive_debt"
    BY = ("officer", "risk", "system")
    fees_fen: AskedFen | None = None
    interest_fen: AskedFen | None = None
    principal_fen: AskedFen | None = None
    reason: Literal["goodwill", "agreement"]

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if self.fees_fen is self.interest_fen is self.principal_fen is None:
            raise ValueError("one of fees_fen, interest_fen and principal_fen is needed")
        return self


class CorrectBalances(Command):
    """State what is to be added to balances, or taken from them, where facts cannot; a second person has to agree."""

    DO = "correct_balances"
    BY = ("officer",)
    FOUR_EYES = True
    deltas: Annotated[dict[OrdinaryBucket, Delta], Field(min_length=1)]
    reason: Token


class OpenDispute(Command):
    """Dispute a purchase, or a part of it: what is unpaid of that is set aside until it is decided."""

    DO = "open_dispute"
    dispute_id: Token
    purchase_id: Token
    amount_fen: AskedFen
    reason: Token


class ResolveDispute(Command):
    """Decide a dispute: upheld, the purchase never counted; rejected, it is owed again from today."""

    DO = "resolve_dispute"
    BY = ("officer", "risk", "system")
    dispute_id: Token
    outcome: Literal["upheld", "rejected"]


class Freeze(Command):
    """Stop borrowing for a reason."""

    DO = "freeze"
    reason: FreezeReason
    reference: Token | None = None


class Unfreeze(Command):
    """Lift a freeze reason."""

    DO = "unfreeze"
    reason: FreezeReason
    reference: Token | None = None


class RecordDeath(Command):
    """Record that the customer died, from whichever day it counts: charges stop then, and the account is frozen."""

    DO = "record_death"
    BY = ("officer",)
    date_of_death: date


class LodgeAppeal(Command):
    """Ask for a freeze or a closure to be looked at again; after a rejection only with new evidence."""

    DO = "lodge_appeal"
    BY = ("customer",)
    appeal_id: Token
    against: Appealable
    evidence_ref: Token | None = None


class DecideAppeal(Command):
    """Answer an appeal. Upheld, the freeze reason is lifted, or the account may be reinstated."""

    DO = "decide_appeal"
    BY = ("officer", "risk")
    appeal_id: Token
    outcome: AppealOutcome
    limit_fen: AskedFen | None = None
    reason: Token

    @model_validator(mode="after")
    def _with_its_limit(self) -> Self:
        if (self.limit_fen is None) == (self.outcome == "upheld_lower_limit"):
            raise ValueError("limit_fen belongs to the outcome upheld_lower_limit, and to no other")
        return self


class RequestClosure(Command):
    """Close at the customer's wish: at once where nothing stands in the way, else as soon as nothing does."""

    DO = "request_closure"


class WithdrawClosure(Command):
    """Stay after all."""

    DO = "withdraw_closure"


class ForceClose(Command):
    """Close at once, debt or not; a second person has to agree."""

    DO = "force_close"
    BY = ("officer", "risk")
    FOUR_EYES = True
    reason: Token


class Reinstate(Command):
    """Undo a closure after an appeal was upheld, with a limit that is decided anew."""

    DO = "reinstate"
    BY = ("officer", "risk")
    limit_fen: AskedFen
    appeal_id: Token


class NoticeInactivity(Command):
    """Record that the customer was told: the account will be frozen, or closed, unless they use it."""

    DO = "notice_inactivity"
    BY = ("system", "officer")
    step: Literal["freeze", "closure"]
    channel: Token
    template: Token


class DisputeReport(Command):
    """Deny what the credit report says of some months: of one loan, or of all that have such a month."""

    DO = "dispute_report"
    BY = ("customer",)
    report_dispute_id: Token
    months: Annotated[tuple[Month, ...], Field(min_length=1, max_length=60)]
    plan_id: Token | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.months)) < len(self.months):
            raise ValueError("a month is named once")
        return self


class CorrectReport(Command):
    """Decide a dispute of the report. Upheld, its months are told otherwise; a second person has to agree."""

    DO = "correct_report"
    BY = ("officer",)
    FOUR_EYES = True
    report_dispute_id: Token
    outcome: Literal["upheld", "rejected"]
    changes: Annotated[tuple[CodeChange, ...], Field(max_length=60)] = ()
    reason: Token

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if bool(self.changes) != (self.outcome == "upheld"):
            raise ValueError("changes belong to the outcome upheld, and to no other")
        if len({each.month for each in self.changes}) < len(self.changes):
            raise ValueError("a month is changed once")
        if any(each.old == each.new for each in self.changes):
            raise ValueError("a change tells a month otherwise than before")
        return self


class Migrate(Command):
    """Take a living account over as it stands elsewhere, instead of activating it; nothing may be owed twice."""

    DO = "migrate"
    BY = ("officer", "system")
    limit_fen: AskedFen
    statement_no: Annotated[int, Field(ge=0)] = 0
    balances: Owed = Owed()
    purchases: Annotated[tuple[PurchaseLeft, ...], Field(max_length=10_000)] = ()
    minima: Annotated[tuple[MinimumLeft, ...], Field(max_length=1_000)] = ()
    plans: Annotated[tuple[PlanLeft, ...], Field(max_length=100)] = ()
    untested_due: date | None = None
    untested_later: Annotated[tuple[date, ...], Field(max_length=100)] = ()
    # When the last loan was drawn: what is left once no instalment is to come is billed monthly from there.
    drawn_on: date | None = None
    counters: Counters
    history: Annotated[str, Field(pattern=r"^[#*ANM1-7]{0,24}$")] = ""


class WriteOff(Command):
    """Book the debt as a loss before its time; a second person has to agree."""

    DO = "write_off"
    BY = ("officer", "risk")
    FOUR_EYES = True
    reason: Literal["fraud", "death", "insolvency"]


class UndoWriteOff(Command):
    """Take back a charge-off that was booked in error; a second person has to agree."""

    DO = "undo_write_off"
    BY = ("officer", "risk")
    FOUR_EYES = True
    reason: Token


class AdvanceTo(Command):
    """Let the calendar do its work up to and including `date`: due tests, statements, system freezes."""

    DO = "advance_to"
    date: date


AccountCommand = (
    Open
    | Decline
    | Activate
    | Migrate
    | ChangeLimit
    | ChangeTerms
    | ChangeBillDay
    | SetAutopay
    | Authorize
    | Capture
    | ReleaseHold
    | Purchase
    | RefundPurchase
    | ConvertToPlan
    | Draw
    | PrepayPlan
    | Restructure
    | SettleEarly
    | ReceivePayment
    | ReversePayment
    | RefundCredit
    | WaiveDebt
    | CorrectBalances
    | OpenDispute
    | ResolveDispute
    | Freeze
    | Unfreeze
    | RecordDeath
    | LodgeAppeal
    | DecideAppeal
    | RequestClosure
    | WithdrawClosure
    | ForceClose
    | Reinstate
    | NoticeInactivity
    | DisputeReport
    | CorrectReport
    | WriteOff
    | UndoWriteOff
    | AdvanceTo
)
COMMANDS: dict[str, type[Command]] = {cls.DO: cls for cls in get_args(AccountCommand)}
