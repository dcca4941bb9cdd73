"""What can have happened to a credit account: each event is a fact in the past tense, and says what it does not mean.

TYPE, VERSION and field names are the stored format and the public contract: add a version, never rename.

Every event also says where it leaves the account: the three words (`access`, `standing`, `status`), the day the
account next needs attention, and, where money moved, every bucket and every unpaid minimum. Consumers assign those
figures instead of re-deriving them; auditors hold them against a fold. Events carry ids, tokens and closed reason
codes only: no names, no free text, no account numbers.
"""

from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from domain.money import Amounts, Bucket, Fen, PositiveFen, Rate
from domain.schedules import Scheme
from domain.terms import Product, Terms, Token

Access = Literal["pending", "open", "frozen", "closing", "closed"]
Standing = Literal["clear", "billed", "paid", "overdue", "charged_off"]
Status = Literal["pending", "activated", "billed", "paid", "overdue", "frozen", "closed"]
Cause = Literal["command", "advance"]
PlanKind = Literal["conversion", "draw", "restructuring"]
ChargeKind = Literal["interest", "fees"]
Channel = Literal["transfer", "auto_debit", "counter", "adjustment"]
FreezeReason = Literal[
    "abnormal_transaction",
    "fraud_confirmed",
    "overdue_long",
    "credit_deterioration",
    "multi_lender",
    "inactive",
    "customer_request",
    "legal_order",
    "deceased",
    "charged_off",
    "restructured",
]
# What an appeal may be lodged against: a freeze for one of these reasons, or a closure that was not the customer's.
Appealable = Literal["abnormal_transaction", "fraud_confirmed", "credit_deterioration", "multi_lender", "closure"]
AppealOutcome = Literal["upheld", "upheld_lower_limit", "rejected"]
AutopayMode = Literal["full", "minimum", "off"]
CloseKind = Literal["voluntary", "forced", "inactive", "declined", "withdrawn", "recovered"]
ObstacleKind = Literal["owed", "accrued", "credit", "hold", "dispute", "legal_order"]
# A purchase, an instalment that became payable, or principal that is owed again; names of ours have a / or # in them.
SliceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@/#-]{1,200}$")]
# A month of the credit report.
Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
# What the credit bureau is told of a month; see the report's own room for what each sign means.
ReportCode = Literal["/", "#", "*", "A", "N", "M", "1", "2", "3", "4", "5", "6", "7", "B", "C", "G"]

# The edition of the rulebook that this program reckons by; raised whenever a derivation changes.
RULES = 1
_UNSET_DATE = date.min
# Not written where there is nothing of it.
LEFT_OUT: Any = Field(exclude_if=lambda said: not said)


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", json_schema_serialization_defaults_required=True
    )


class Owed(_Frozen):
    """The eleven amounts of an account, in minor units: ten that it owes, and the credit that it is owed."""

    principal_billed: Fen = 0
    principal_unbilled: Fen = 0
    principal_planned: Fen = 0
    principal_disputed: Fen = 0
    interest_billed: Fen = 0
    interest_unbilled: Fen = 0
    interest_planned: Fen = 0
    fees_billed: Fen = 0
    fees_unbilled: Fen = 0
    fees_planned: Fen = 0
    credit: Fen = 0

    @property
    def total(self) -> int:
        """All that is owed: the sum of the ten, credit not subtracted."""
        return (
            self.principal_billed + self.principal_unbilled + self.principal_planned + self.principal_disputed
            + self.interest_billed + self.interest_unbilled + self.interest_planned
            + self.fees_billed + self.fees_unbilled + self.fees_planned
        )  # fmt: skip

    @property
    def billed(self) -> int:
        """What statements have demanded or shown and is still unpaid."""
        return self.principal_billed + self.interest_billed + self.fees_billed

    @property
    def payable(self) -> int:
        """What is billed, and what the next statement adds: neither what is planned nor what is disputed."""
        return self.billed + self.principal_unbilled + self.interest_unbilled + self.fees_unbilled


class UnpaidMinimum(_Frozen):
    """What is left of one statement's own minimum; number 0 is charged-off debt, all of it due since its due date."""

    statement_no: Annotated[int, Field(ge=0)]
    due_date: date
    amount_fen: PositiveFen


class LoanAfter(_Frozen):
    """What one loan of an account owes after an event, all of it and the principal in it, and what it still demands.

    Of its minima it is the loan's own part. `paid_fen` of it was paid last, on the value date `paid_on`; of money that
    became credit that is what will pay its instalments to come.
    """

    plan_id: Token
    owed_fen: Fen
    principal_fen: Fen
    unpaid_minima: tuple[UnpaidMinimum, ...] = ()
    paid_on: date | None = None
    paid_fen: Fen = 0


class Obstacle(_Frozen):
    """Why a requested closure has to wait, with the amount that stands in its way (0 where it is not money)."""

    kind: ObstacleKind
    amount_fen: Fen


class AnyEvent(_Frozen):
    """What every event says, whatever it is about. Filled in when it is recorded."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    business_date: date = _UNSET_DATE
    currency: str = "CNY"
    rules: int = RULES
    cause: Cause = "command"


class Event(AnyEvent):
    """What every event of an account says beside its own facts. Filled in when recorded, never by a decision."""

    next_event_on: date | None = None
    access: Access = "pending"
    standing: Standing = "clear"
    status: Status = "pending"


class MoneyEvent(Event):
    """An event that moved money also says what the account owes after it.

    Where money was drawn also what each loan owes of that, as long as it does, and once it was repaid; together that is all
    that is owed.
    """

    owed_after: Owed = Owed()
    minimum_due_after: Fen = 0
    arrears_after: Fen = 0
    dpd_after: Annotated[int, Field(ge=0)] = 0
    unpaid_minima_after: tuple[UnpaidMinimum, ...] = ()
    loans_after: Annotated[tuple[LoanAfter, ...], LEFT_OUT] = ()


class AccountOpened(Event):
    """An application was accepted; access is pending. There is no limit yet."""

    TYPE = "account.opened"
    product: Product
    customer_id: Token
    zone: str
    bill_day: int
    terms: Terms
    funding_ref: Token | None = None


class AccountActivated(Event):
    """The account may borrow up to its limit. Nothing is owed."""

    TYPE = "account.activated"
    limit_fen: PositiveFen


class LimitChanged(Event):
    """A new limit holds from now. What is owed is unchanged, even above it."""

    TYPE = "limit.changed"
    limit_fen: Fen
    reason: Token
    # Whether the customer asked for it: then it is an act of theirs.
    by_customer: bool = False


class TermsChanged(Event):
    """From `from_date` on other terms hold, of which notice was given. No day before it costs more, or less."""

    TYPE = "terms.changed"
    version: Token
    from_date: date
    terms: Terms
    notice_id: Token


class BillDayChanged(Event):
    """From `from_date` on the account is billed on another day of the month. No statement moves that was issued."""

    TYPE = "bill_day.changed"
    bill_day: Annotated[int, Field(ge=1, le=28)]
    from_date: date


class AutopaySet(Event):
    """What the customer's bank is asked for on due dates, and from which account, as a token. No money moved."""

    TYPE = "autopay.set"
    mode: AutopayMode
    source_token: Token | None


class HoldPlaced(Event):
    """So much of the limit is reserved for a purchase until the end of `expires_on`. It is no debt."""

    TYPE = "hold.placed"
    hold_id: Token
    amount_fen: PositiveFen
    merchant_id: Token
    expires_on: date


class HoldReleased(Event):
    """What was left of a hold is no longer reserved. No debt was made or forgiven."""

    TYPE = "hold.released"
    hold_id: Token
    amount_fen: PositiveFen
    reason: Token


class PurchasePosted(MoneyEvent):
    """A purchase became debt on this posting date. It is not billed and bears no interest yet.

    Where it captures a hold, `hold_taken_fen` is what it took of it: that much is no longer reserved.
    """

    TYPE = "purchase.posted"
    purchase_id: Token
    amount_fen: PositiveFen
    merchant_id: Token
    forced: bool
    credit_applied_fen: Fen
    hold_id: Token | None = None
    hold_taken_fen: Fen = 0


class PurchaseRefunded(MoneyEvent):
    """A purchase shrank; `applied` says which buckets fell and `credited_fen` what became credit.

    Interest and fees charged before stay.
    """

    TYPE = "purchase.refunded"
    purchase_id: Token
    refund_id: Token
    amount_fen: PositiveFen
    value_date: date
    applied: Amounts
    credited_fen: Fen
    of_purchase_fen: Fen


class RatedDays(_Frozen):
    """Fen-days that bear interest at one daily rate."""

    daily_rate: Rate
    fen_days: Annotated[int, Field(ge=0)]


class InterestPosted(MoneyEvent):
    """Accrued interest became payable. It bears no interest itself.

    `revolving` on what statements billed, and `penalty` on overdue principal of loans, run by days: `fen_days` are all that
    count at today's rate, `earlier_days` those at rates that were in force before, `total_posted_fen` all that was posted
    of them. `plan` is the interest of a loan's instalment, or what has run up of it where its plan ends before: it leaves
    that total as it was.
    """

    TYPE = "interest.posted"
    kind: Literal["revolving", "penalty", "plan"]
    amount_fen: PositiveFen
    fen_days: Annotated[int, Field(ge=0)]
    earlier_days: tuple[RatedDays, ...] = ()
    total_posted_fen: Fen
    credit_applied_fen: Fen
    plan_id: Token | None = None
    number: Annotated[int, Field(ge=1)] | None = None


class LateFeePosted(MoneyEvent):
    """The one fee for one missed minimum. It bears no interest."""

    TYPE = "late_fee.posted"
    statement_no: int
    base_fen: PositiveFen
    amount_fen: PositiveFen


class DebtWaived(MoneyEvent):
    """Debt is no longer owed, or was given back as credit, which pays what it can at once. It is not a payment.

    `applied` is what fell, by bucket: together the fees, interest and principal.
    """

    TYPE = "debt.waived"
    fees_fen: Fen
    interest_fen: Fen
    principal_fen: Fen
    applied: Amounts
    refunded_fen: Fen
    credit_applied: Amounts
    reason: Literal["cap", "goodwill", "agreement"]


class StatementLines(_Frozen):
    """What of a statement's balance is new, by kind, in minor units; `principal_fen` is what is in no instalment."""

    brought_forward_fen: Fen
    principal_fen: Fen
    instalments_fen: Fen = 0
    interest_fen: Fen
    fees_fen: Fen


class AccountBilled(MoneyEvent):
    """A statement was issued and is final. It does not demand the whole balance, only the minimum."""

    TYPE = "account.billed"
    statement_no: Annotated[int, Field(ge=1)]
    covers_from: date
    covers_to: date
    due_date: date
    balance_fen: PositiveFen
    minimum_fen: PositiveFen
    own_minimum_fen: Fen
    lines: StatementLines


class PaymentReceived(MoneyEvent):
    """Money arrived; `applied` says which buckets fell and `credited_fen` what became credit.

    The statement may still be unpaid.
    """

    TYPE = "payment.received"
    payment_ref: Token
    channel: Channel
    amount_fen: PositiveFen
    value_date: date
    applied: Amounts
    credited_fen: Fen
    regime: Literal["charges_first", "principal_first"]
    # The plan that it settles early, and nothing else; or how much it pays early of that plan's principal.
    plan_id: Token | None = None
    prepaid_fen: PositiveFen | None = None


class PaymentReversed(MoneyEvent):
    """A payment was returned and never counted; `restored` is owed again. It is not a new debit.

    `recovered_fen` of that had been booked as recovered of charged-off debt, and is not recovered any more.
    """

    TYPE = "payment.reversed"
    payment_ref: Token
    channel: Channel
    amount_fen: PositiveFen
    value_date: date
    reason: Token
    credit_taken_fen: Fen
    restored: Amounts
    recovered_fen: Fen


class PurchaseLeft(_Frozen):
    """What is unpaid of one purchase after a correction, with its own fen-days up to `counted_to`, exclusive.

    An instalment of a plan that became payable is one, too.
    """

    purchase_id: SliceName
    unpaid_fen: Fen
    due_date: date | None
    fen_days: Annotated[int, Field(ge=0)]
    earlier_days: tuple[RatedDays, ...] = ()
    counted_to: date
    instalment: bool = False


class Instalment(_Frozen):
    """One part of a plan: so much principal, and what comes with it; all 0 where a refund took it away.

    A loan's instalment says when it is due and what interest comes with it; any other is due with the statement of its
    turn. A restructured one carries interest and fees that were charged before.
    """

    number: Annotated[int, Field(ge=1)]
    principal_fen: Fen
    fee_fen: Fen
    interest_fen: Fen = 0
    due_date: date | None = None
    carried_interest_fen: Fen = 0
    carried_fees_fen: Fen = 0


class PlanPart(_Frozen):
    """How much of a plan's principal came from one purchase."""

    purchase_id: SliceName
    amount_fen: PositiveFen


class PlanLeft(_Frozen):
    """What is left of a plan: the instalments that are still to come, and which purchases they pay.

    Of a loan also its rate of a year and by which scheme it is repaid: what is paid early is reckoned with them.
    """

    plan_id: Token
    kind: PlanKind
    made_on: date
    instalments: tuple[Instalment, ...]
    parts: tuple[PlanPart, ...]
    annual_rate: Rate = Decimal(0)
    scheme: Scheme | None = None


class AgreementLeft(_Frozen):
    """A restructuring that is kept so far: its plan, and from when the days past due count again if it is broken."""

    plan_id: Token
    original_due_date: date
    # When its last instalment is due, once that was billed.
    last_due: date | None = None


class LoanLeft(_Frozen):
    """One loan of an account: when it was drawn, what was paid of it last and when; since when it is due, once it is lost."""

    plan_id: Token
    drawn_on: date
    paid_on: date | None = None
    paid_fen: Fen = 0
    lost_due: date | None = None


class ChargeLeft(_Frozen):
    """Interest or fees that are unpaid of one loan, or of the agreement that took it over; `due_date` once billed."""

    plan_id: Token
    kind: ChargeKind
    due_date: date | None
    amount_fen: PositiveFen


class LoanShare(_Frozen):
    """How much of what an agreement took over was a loan's: in that proportion it is paid, or not."""

    agreement_id: Token
    plan_id: Token
    amount_fen: PositiveFen


class OverdueDays(_Frozen):
    """Fen-days that overdue principal of one plan bore since penalty was posted last: in proportion to them it is whose."""

    plan_id: Token
    fen_days: Annotated[int, Field(gt=0)]


class LoansLeft(_Frozen):
    """Whose what an account owes of its loans is: beside principal, which its plans and instalments tell.

    The loans in the order in which they were drawn, those that were repaid long ago left out; the charges in the order in
    which they are paid.
    """

    loans: tuple[LoanLeft, ...]
    charges: tuple[ChargeLeft, ...] = ()
    shares: tuple[LoanShare, ...] = ()
    overdue_days: tuple[OverdueDays, ...] = ()


class MinimumLeft(UnpaidMinimum):
    """An unpaid minimum, and how much of it was principal when it was issued."""

    principal_fen: Fen


class DisputeLeft(_Frozen):
    """An open dispute after a correction, and what it keeps out of what is billed and demanded."""

    dispute_id: Token
    purchase_id: Token
    set_aside_fen: Fen


class Counters(_Frozen):
    """Running totals after a correction: of interest days, of what was charged, and of what was given up."""

    bearing_fen: Fen
    fen_days: Annotated[int, Field(ge=0)]
    earlier_days: tuple[RatedDays, ...] = ()
    principal_fen_days: Annotated[int, Field(ge=0)]
    interest_posted_fen: Fen
    charges_posted_fen: Fen
    # Of the charges: fees of plans, and of those what loans cost that were paid early; interest of loans' instalments.
    plan_fees_posted_fen: Fen = 0
    settlement_fees_posted_fen: Fen = 0
    plan_interest_posted_fen: Fen = 0
    waived_fen: Fen


class MonthEnd(_Frozen):
    """A past month, named by its last day, as it is now known to have ended: what a report of it must say."""

    month_end: date
    dpd: Annotated[int, Field(ge=0)]
    missed_this_month: bool
    due_this_month: bool
    owed_fen: Fen
    past_due_30_fen: Fen
    unpaid_minima: tuple[UnpaidMinimum, ...]
    oldest_missed_due: date | None
    # Whether an agreement stood, neither broken nor over.
    under_agreement: bool = False
    # Of a loan also what was paid of it last by then.
    paid_on: Annotated[date | None, LEFT_OUT] = None
    paid_fen: Annotated[Fen, LEFT_OUT] = 0


class PaidOff(_Frozen):
    """A day on which what was owed came to nothing, and how many days past due it was as that day began."""

    on: date
    dpd: Annotated[int, Field(ge=0)]


class LoanRestated(_Frozen):
    """One loan of an account whose balances were derived anew: the same of it alone as is told of the account."""

    plan_id: Token
    missed_on: date | None
    months: tuple[MonthEnd, ...]
    paid_off: tuple[PaidOff, ...] = ()


class CarriedForward(MoneyEvent):
    """What an account's balances rest on, so that it can go on from them without what came before."""

    purchases_left: tuple[PurchaseLeft, ...]
    minima_left: tuple[MinimumLeft, ...]
    disputes_left: tuple[DisputeLeft, ...] = ()
    plans_left: tuple[PlanLeft, ...] = ()
    agreement: AgreementLeft | None = None
    untested_due: date | None
    # Loans may have several instalments that wait for their due tests.
    untested_later: tuple[date, ...] = ()
    charged_off_due: date | None
    minima_charged_off: tuple[MinimumLeft, ...] = ()
    regime: Literal["charges_first", "principal_first"]
    counters: Counters
    loans_left: Annotated[LoansLeft | None, LEFT_OUT] = None


class Restated(CarriedForward):
    """What an account goes on with after its balances were derived anew, so that nobody has to derive them again.

    The deltas, credit counted negative, sum to interest + late fees - waived + principal deltas. Fees of plans are among
    the late fees; `plan_fee_delta_fen` says how much of those they are. `from_date` is the day from which anything may
    have turned out otherwise, and `missed_on` the last day on which a minimum was found missed. `paid_off` are
    the days since the beginning of its month on which everything turned out to have been paid. `loans` say the same of
    each loan.
    """

    from_date: date
    missed_on: date | None
    deltas: dict[Bucket, int]
    interest_delta_fen: int
    late_fee_delta_fen: int
    plan_fee_delta_fen: int = 0
    waived_delta_fen: int
    principal_delta_fen: int
    months: tuple[MonthEnd, ...]
    paid_off: tuple[PaidOff, ...] = ()
    loans: Annotated[tuple[LoanRestated, ...], LEFT_OUT] = ()


class BalancesCorrected(Restated):
    """Facts learnt late changed what was charged; `deltas` lead to what would have been. History and statements stand.

    `cause_version` is the event that was learnt late. Where an officer states the deltas themselves there is none, and a
    `reason` instead. `uncounted_fen` of the principal was bought but never counted, and what had paid it is given back;
    it is negative where that counts after all.
    """

    TYPE = "balances.corrected"
    cause_version: Annotated[int, Field(ge=1)] | None
    reason: Token | None
    uncounted_fen: int = 0


class RulesChanged(Restated):
    """The rulebook's edition moved on, and what was charged was derived anew by it. No fact changed."""

    TYPE = "rules.changed"
    from_rules: Annotated[int, Field(ge=1)]
    to_rules: Annotated[int, Field(ge=1)]


class DisputeOpened(MoneyEvent):
    """The customer disputes `amount_fen` of a purchase; what is unpaid of that, by bucket, is set aside.

    It is neither billed nor demanded and bears no interest meanwhile, but still uses limit. Nothing is forgiven.
    """

    TYPE = "dispute.opened"
    dispute_id: Token
    purchase_id: Token
    amount_fen: PositiveFen
    set_aside: Amounts
    reason: Token


class DisputeResolved(MoneyEvent):
    """A dispute was decided over `amount_fen`: what is left of it after refunds of the purchase.

    Upheld, that much of the purchase never counted, and a correction follows. Rejected, what was set aside is owed
    again from today, and credit pays for it at once.
    """

    TYPE = "dispute.resolved"
    dispute_id: Token
    purchase_id: Token
    outcome: Literal["upheld", "rejected"]
    amount_fen: PositiveFen
    set_aside_fen: Fen
    credit_applied_fen: Fen


class PlanCreated(MoneyEvent):
    """Billed principal became a plan, or a loan was drawn: it will fall due as scheduled. No limit is free again.

    `parts` are the purchases it came from, `minimum_lowered_fen` is how much less their statement demands. Principal and
    fee of an instalment are payable with the statement of its number, counted from here; the fee is not owed before.
    Restructured debt, `taken` by bucket, is neither billed nor demanded any more; `original_due_date` is from when its days
    past due would count again.
    """

    TYPE = "plan.created"
    plan_id: Token
    kind: PlanKind
    # The statement that was converted; 0 where there is none.
    statement_no: Annotated[int, Field(ge=0)]
    amount_fen: PositiveFen
    fee_rate: Rate
    fee_total_fen: Fen
    annual_rate: Rate = Decimal(0)
    scheme: Scheme | None = None
    schedule: tuple[Instalment, ...]
    parts: tuple[PlanPart, ...]
    minimum_lowered_fen: Fen
    taken: Amounts = Field(default_factory=dict)
    original_due_date: date | None = None


class PlanFeePosted(MoneyEvent):
    """The fee of an instalment became payable, or what has run up of it where the plan is settled early.

    Of a loan that is paid before its end it is the price of that, a `settlement`. It bears no interest; credit pays for it
    at once.
    """

    TYPE = "plan_fee.posted"
    kind: Literal["instalment", "settlement"] = "instalment"
    plan_id: Token
    number: Annotated[int, Field(ge=1)]
    amount_fen: PositiveFen
    credit_applied_fen: Fen


class InstalmentPosted(MoneyEvent):
    """An instalment became payable with the statement that comes next; credit pays for it at once.

    A loan's is due on `due_date`, whether or not credit leaves anything of it for a statement. Of a restructured plan also
    the interest and fees that it carries, which credit pays first: fees, interest, principal.
    """

    TYPE = "instalment.posted"
    plan_id: Token
    number: Annotated[int, Field(ge=1)]
    principal_fen: Fen
    credit_applied_fen: Fen
    interest_fen: Fen = 0
    fees_fen: Fen = 0
    due_date: date | None = None


class PlanSettledEarly(Event):
    """A plan is over before its end: its principal was paid, with the fee and interest run up so far.

    Later ones are not charged.
    """

    TYPE = "plan.settled_early"
    plan_id: Token
    principal_fen: Fen
    fee_fen: Fen
    interest_fen: Fen = 0


class PlanBroken(MoneyEvent):
    """An instalment of a restructured plan was missed: all that was to come of it is due, since `original_due_date`.

    It is billed at once and costs no late fee; the days past due go on as if they had never been suspended.
    """

    TYPE = "plan.broken"
    plan_id: Token
    statement_no: Annotated[int, Field(ge=1)]
    original_due_date: date
    principal_fen: Fen
    interest_fen: Fen
    fees_fen: Fen


class PlanPrepaid(Event):
    """A part of a loan's principal was paid before it was due; `left` is how the rest falls due. The loan goes on."""

    TYPE = "plan.prepaid"
    plan_id: Token
    principal_fen: PositiveFen
    interest_fen: Fen
    fee_fen: Fen
    left: PlanLeft


class CashDrawn(MoneyEvent):
    """Money left to the customer, as a loan. It is not due yet; its plan says when it will be."""

    TYPE = "cash.drawn"
    draw_id: Token
    plan_id: Token
    amount_fen: PositiveFen
    payout_token: Token


class AccountStandingChanged(Event):
    """Standing moved without a payment or a miss.

    `reopen`: a correction found that a settled statement is owed after all. `convert_away`: a conversion took all that
    was billed. `restructure`: what could not be paid as billed became a new plan.
    """

    TYPE = "account.standing_changed"
    move: Literal["reopen", "convert_away", "restructure"]


class CreditRefunded(MoneyEvent):
    """A credit balance, or a part of it, was paid out to the customer."""

    TYPE = "credit.refunded"
    refund_id: Token
    amount_fen: PositiveFen
    payout_token: Token


class AccountPaid(Event):
    """The latest statement is fully settled. The account may still owe what is not billed yet."""

    TYPE = "account.paid"
    statement_no: int


class AccountOverdue(Event):
    """A minimum was missed; repeated for each further one. Days past due grow without events."""

    TYPE = "account.overdue"
    statement_no: int
    due_date: date
    missed_fen: PositiveFen
    dpd: Annotated[int, Field(ge=1)]


class AccountCured(Event):
    """No minimum is missed any more. The statement may be unpaid."""

    TYPE = "account.cured"


class AccountChargedOff(MoneyEvent):
    """The debt was booked as a loss, in `amounts`, which never change. It forgives nothing: all of it stays owed.

    All but what is disputed is billed by it; `fell_due` is what was not billed before, by the bucket it was in. Plans end:
    their principal is due, less what credit pays of it at once, and fees of instalments to come are not charged.
    """

    TYPE = "account.charged_off"
    amounts: Amounts
    fell_due: Amounts
    credit_applied_fen: Fen = 0
    reason: Literal["days_past_due", "fraud", "death", "insolvency"]


class AccountRecovered(Event):
    """Charged-off debt was fully repaid."""

    TYPE = "account.recovered"


class WriteOffUndone(MoneyEvent):
    """A charge-off was booked in error: the minima return as far as they are billed, and interest runs from today.

    `recovered_fen` had been booked as recovered of the loss; it was a repayment like any other.
    """

    TYPE = "account.write_off_undone"
    reason: Token
    recovered_fen: Fen


class AccountFrozen(Event):
    """Borrowing stopped for a reason. The debt, its statements and its repayment go on."""

    TYPE = "account.frozen"
    reason: FreezeReason
    reasons_now: tuple[FreezeReason, ...]
    reference: Token | None = None


class AccountUnfrozen(Event):
    """A freeze reason was lifted. The account may borrow only when no reason is left."""

    TYPE = "account.unfrozen"
    reason: FreezeReason
    reasons_now: tuple[FreezeReason, ...]
    reference: Token | None = None


class ClosureRequested(Event):
    """The customer wants to leave but something stands in the way. The limit is 0; debt runs on."""

    TYPE = "account.closure_requested"
    obstacles: tuple[Obstacle, ...]


class ClosureWithdrawn(Event):
    """The customer stays. The limit is what it was before the request."""

    TYPE = "account.closure_withdrawn"
    limit_fen: Fen


class AccountClosed(Event):
    """The limit is gone for good. Debt, if any, stays owed and reported."""

    TYPE = "account.closed"
    kind: CloseKind
    owed_fen: Fen
    reason: Token | None = None


class AccountReinstated(Event):
    """A closure was undone after an appeal: the account has a limit again, open or frozen. Its debt was never gone."""

    TYPE = "account.reinstated"
    limit_fen: PositiveFen
    appeal_id: Token


class AppealLodged(Event):
    """The customer asks for a freeze or a closure to be looked at again; an answer is owed by `decide_by`."""

    TYPE = "appeal.lodged"
    appeal_id: Token
    against: Appealable
    decide_by: date
    evidence_ref: Token | None = None


class AppealDecided(Event):
    """An appeal was answered. It moves no money; what follows from it has events of its own."""

    TYPE = "appeal.decided"
    appeal_id: Token
    against: Appealable
    outcome: AppealOutcome
    limit_fen: Fen | None
    reason: Token


class DeathRecorded(Event):
    """The customer died: no day from `date_of_death` on bears interest, and no late fee is charged after it.

    What was bought after it, by `dropped`, never counted. A correction follows where that changes what is owed.
    """

    TYPE = "death.recorded"
    date_of_death: date
    dropped: tuple[PlanPart, ...]


class InactivityNoticed(Event):
    """The customer was told that the account will be frozen or closed on `due_on` unless they use it."""

    TYPE = "inactivity.noticed"
    step: Literal["freeze", "closure"]
    due_on: date
    channel: Token
    template: Token


class RiskAlerted(Event):
    """Somebody should look at the account, by the rule named. Nothing was stopped and no money moved."""

    TYPE = "risk.alerted"
    rule: Token
    evidence_ref: Token


class ReportDisputed(Event):
    """The customer denies what the credit report says of these months; an answer is owed by `decide_by`."""

    TYPE = "report.disputed"
    report_dispute_id: Token
    months: tuple[Month, ...]
    decide_by: date
    # Of which loan; where none is named, of all that have such a month.
    plan_id: Annotated[Token | None, LEFT_OUT] = None


class CodeChange(_Frozen):
    """One month of the report: what was told, and what is to be told instead, which says something of that month."""

    month: Month
    old: ReportCode
    new: Literal["*", "A", "N", "M", "1", "2", "3", "4", "5", "6", "7", "B", "C", "G"]


class ReportCorrected(Event):
    """A dispute of the report was decided; upheld, these months are told otherwise from now on. No debt changed."""

    TYPE = "report.corrected"
    report_dispute_id: Token
    outcome: Literal["upheld", "rejected"]
    changes: tuple[CodeChange, ...]
    reason: Token


class AccountMigrated(CarriedForward):
    """A living account was taken over as it stood elsewhere, limit and debt. Nothing new is owed.

    `history` are the codes of the credit report up to the month before, oldest first, at most 24, `#` where unknown.
    `drawn_on` is when the last loan was drawn, from which what is left of loans in the end is billed monthly.
    """

    TYPE = "account.migrated"
    limit_fen: PositiveFen
    statement_no: Annotated[int, Field(ge=0)]
    balances: Owed
    history: Annotated[str, Field(pattern=r"^[#*ANM1-7]{0,24}$")]
    drawn_on: date | None = None

    @property
    def fingerprint(self) -> str:
        """What it says of the account, and not of when: another one of the same fingerprint says the same."""
        own = set(type(self).model_fields) - set(MoneyEvent.model_fields) - {"regime"}
        return sha256(self.model_dump_json(include=own).encode()).hexdigest()


AccountEvent = (
    AccountOpened
    | AccountMigrated
    | AccountActivated
    | LimitChanged
    | TermsChanged
    | BillDayChanged
    | AutopaySet
    | HoldPlaced
    | HoldReleased
    | PurchasePosted
    | PurchaseRefunded
    | InterestPosted
    | LateFeePosted
    | DebtWaived
    | AccountBilled
    | PaymentReceived
    | PaymentReversed
    | BalancesCorrected
    | RulesChanged
    | DisputeOpened
    | DisputeResolved
    | PlanCreated
    | PlanFeePosted
    | InstalmentPosted
    | PlanSettledEarly
    | PlanPrepaid
    | PlanBroken
    | CashDrawn
    | AccountStandingChanged
    | CreditRefunded
    | AccountPaid
    | AccountOverdue
    | AccountCured
    | AccountChargedOff
    | AccountRecovered
    | WriteOffUndone
    | AccountFrozen
    | AccountUnfrozen
    | DeathRecorded
    | AppealLodged
    | AppealDecided
    | ClosureRequested
    | ClosureWithdrawn
    | AccountClosed
    | AccountReinstated
    | ReportDisputed
    | ReportCorrected
    | InactivityNoticed
    | RiskAlerted
)
EVENTS: tuple[type[Event], ...] = get_args(AccountEvent)
# The six that everything downstream hangs on.
PUBLIC_TRANSITIONS: tuple[type[Event], ...] = (
    AccountActivated,
    AccountBilled,
    AccountPaid,
    AccountOverdue,
    AccountFrozen,
    AccountClosed,
)
