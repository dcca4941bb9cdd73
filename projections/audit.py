"""The audit view: every event of an account as it was stored, and in words what it changed.

The words are made when somebody reads, from the stored bytes; kept are only the facts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.events import (
    AccountActivated,
    AccountBilled,
    AccountChargedOff,
    AccountClosed,
    AccountCured,
    AccountEvent,
    AccountFrozen,
    AccountMigrated,
    AccountOpened,
    AccountOverdue,
    AccountPaid,
    AccountRecovered,
    AccountReinstated,
    AccountStandingChanged,
    AccountUnfrozen,
    AppealDecided,
    AppealLodged,
    AutopaySet,
    BalancesCorrected,
    BillDayChanged,
    CashDrawn,
    Cause,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    HoldPlaced,
    HoldReleased,
    InactivityNoticed,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    LimitChanged,
    MoneyEvent,
    Owed,
    PaymentReceived,
    PaymentReversed,
    PlanBroken,
    PlanCreated,
    PlanFeePosted,
    PlanPrepaid,
    PlanSettledEarly,
    PurchasePosted,
    PurchaseRefunded,
    ReportCorrected,
    ReportDisputed,
    Restated,
    RiskAlerted,
    RulesChanged,
    Status,
    TermsChanged,
    WriteOffUndone,
)
from domain.money import Bucket, yuan
from domain.recorded import Recorded
from projections import folding


@dataclass(slots=True)
class AuditRow:
    """Where the kept history of one account ends; `arrived` are the events that came since the row was loaded."""

    account_id: UUID
    version: int
    chain_hash: bytes
    opened_on: date
    business_date: date
    arrived: list[Recorded] = field(default_factory=list)


def key(recorded: Recorded) -> UUID:
    """One row for each account, and one for each of its events."""
    return recorded.account_id


def step(row: AuditRow | None, recorded: Recorded) -> AuditRow:
    """The row after `recorded`, with the event added to what arrived."""
    day = recorded.event.business_date
    if row is None:
        folding.opening(recorded)
        row = AuditRow(recorded.account_id, recorded.version, recorded.chain_hash, day, day)
    row.version, row.chain_hash, row.business_date = recorded.version, recorded.chain_hash, day
    row.arrived.append(recorded)
    return row


class TimelineEntry(BaseModel):
    """One event in words, with what was owed after it. Amounts in minor units of the account's currency."""

    model_config = ConfigDict(frozen=True)

    version: int
    position: Annotated[int, Field(description="The event's place in the store, gapless over all accounts.")]
    business_date: Annotated[date, Field(description="When it counts.")]
    recorded_at: Annotated[datetime, Field(description="When it was learnt.")]
    type: str
    type_version: int
    says: Annotated[str, Field(description="What it changed, in one sentence.")]
    actor: Annotated[str, Field(description="Who did it, as role:id; a second pair of eyes after a plus.")]
    cause: Annotated[Cause, Field(description="Whether they asked for it, or the calendar did it on the way.")]
    command_id: str
    correlation_id: str
    causation_id: str
    status: Status
    owed_fen: int
    credit_fen: int
    minimum_due_fen: int
    chain_hash: Annotated[str, Field(description="SHA-256 over the event and the hash before it, in hexadecimal.")]


def timeline(events: Iterable[Recorded], before: MoneyEvent | None = None) -> list[TimelineEntry]:
    """`events` of one account, in order, as lines to read.

    `before` is the last event that moved money before the first of them: what was owed then is owed until the next.
    """
    owed, minimum_due = (Owed(), 0) if before is None else (before.owed_after, before.minimum_due_after)
    lines = []
    for recorded in events:
        event = recorded.event
        if isinstance(event, MoneyEvent):
            owed, minimum_due = event.owed_after, event.minimum_due_after
        lines.append(
            TimelineEntry(
                version=recorded.version,
                position=recorded.position,
                business_date=event.business_date,
                recorded_at=recorded.recorded_at,
                type=recorded.type,
                type_version=recorded.type_version,
                says=says(event),
                actor=recorded.actor,
                cause=event.cause,
                command_id=recorded.command_id,
                correlation_id=recorded.correlation_id,
                causation_id=recorded.causation_id,
                status=event.status,
                owed_fen=owed.total,
                credit_fen=owed.credit,
                minimum_due_fen=minimum_due,
                chain_hash=recorded.chain_hash.hex(),
            )
        )
    return lines


def says(event: AccountEvent) -> str:  # noqa: C901, PLR0911, PLR0912, PLR0915 - a line for each event
    """What `event` changed, in one sentence, with its amounts in major units."""
    match event:
        case AccountOpened():
            return f"Application of customer {event.customer_id} accepted under terms {event.terms.version}."
        case AccountActivated():
            return f"Activated with a limit of {yuan(event.limit_fen)}."
        case LimitChanged():
            return f"Limit set to {yuan(event.limit_fen)} ({event.reason})."
        case AccountMigrated():
            return f"Taken over as it stood: {yuan(event.balances.total)} owed, limit {yuan(event.limit_fen)}."
        case HoldPlaced():
            return f"Hold {event.hold_id} of {yuan(event.amount_fen)} for {event.merchant_id} until {event.expires_on}."
        case HoldReleased():
            return f"Hold {event.hold_id} released: {yuan(event.amount_fen)} is free again ({event.reason})."
        case PurchasePosted():
            forced = ", posted by force" if event.forced else ""
            held = f", captured from hold {event.hold_id}" if event.hold_id else ""
            return f"Purchase {event.purchase_id} of {yuan(event.amount_fen)} at {event.merchant_id}{held}{forced}."
        case PurchaseRefunded():
            return (
                f"Refund {event.refund_id} of {yuan(event.amount_fen)} for purchase {event.purchase_id}"
                f"{_split(event.applied, event.credited_fen)}."
            )
        case InterestPosted(kind="plan"):
            return f"Interest of {yuan(event.amount_fen)} for instalment {event.number} of plan {event.plan_id}."
        case InterestPosted(kind="penalty"):
            return f"Penalty interest of {yuan(event.amount_fen)} posted for {event.fen_days:,} fen-days so far."
        case InterestPosted():
            return f"Interest of {yuan(event.amount_fen)} posted for {event.fen_days:,} fen-days so far."
        case LateFeePosted():
            return f"Late fee of {yuan(event.amount_fen)} for the missed minimum of statement {event.statement_no}."
        case DebtWaived():
            given_back = f", {yuan(event.refunded_fen)} given back as credit" if event.refunded_fen else ""
            principal = f", principal {yuan(event.principal_fen)}" if event.principal_fen else ""
            charges = f"fees {yuan(event.fees_fen)}, interest {yuan(event.interest_fen)}"
            return f"Waived: {charges}{principal}{given_back} ({event.reason})."
        case AccountBilled():
            return (
                f"Statement {event.statement_no}: balance {yuan(event.balance_fen)}, "
                f"minimum {yuan(event.minimum_fen)}, due {event.due_date}."
            )
        case PaymentReceived():
            value = f", value date {event.value_date}" if event.value_date != event.business_date else ""
            return (
                f"Payment {event.payment_ref} of {yuan(event.amount_fen)} by {event.channel}{value}"
                f"{_split(event.applied, event.credited_fen)}."
            )
        case CreditRefunded():
            return f"Credit of {yuan(event.amount_fen)} paid out ({event.refund_id})."
        case PaymentReversed():
            return (
                f"Payment {event.payment_ref} of {yuan(event.amount_fen)} was returned ({event.reason}) and never counted"
                f"{_split(event.restored, 0)}."
            )
        case RulesChanged():
            return f"Derived anew by edition {event.to_rules} of the rules, not {event.from_rules}: {_charges(event)}."
        case BalancesCorrected() if event.cause_version is None:
            deltas = ", ".join(f"{bucket.replace('_', ' ')} {yuan(delta)}" for bucket, delta in event.deltas.items())
            return f"Balances corrected by an officer ({event.reason}): {deltas}."
        case BalancesCorrected():
            return f"Corrected from {event.from_date} on, for event {event.cause_version}: {_charges(event)}."
        case TermsChanged():
            return f"Terms {event.version} hold from {event.from_date} on (notice {event.notice_id})."
        case BillDayChanged():
            return f"Billed on day {event.bill_day} of the month from {event.from_date} on."
        case AutopaySet():
            source = f" from {event.source_token}" if event.source_token else ""
            return f"Autopay: {event.mode}{source}."
        case DisputeOpened():
            return (
                f"Dispute {event.dispute_id} over {yuan(event.amount_fen)} of purchase {event.purchase_id} "
                f"({event.reason}); set aside{_split(event.set_aside, 0) or ': nothing, it is paid'}."
            )
        case DisputeResolved():
            paid = f", {yuan(event.credit_applied_fen)} of it paid by credit" if event.credit_applied_fen else ""
            follows = (
                f"{yuan(event.set_aside_fen)} is owed again from today{paid}"
                if event.outcome == "rejected"
                else f"{yuan(event.amount_fen)} of purchase {event.purchase_id} never counted"
            )
            return f"Dispute {event.dispute_id} {event.outcome}: {follows}."
        case CashDrawn():
            return f"Loan {event.draw_id} of {yuan(event.amount_fen)} paid out, to be repaid by plan {event.plan_id}."
        case PlanCreated() if event.kind == "draw":
            interest = sum(each.interest_fen for each in event.schedule)
            return (
                f"Plan {event.plan_id}: {yuan(event.amount_fen)} is repaid in {len(event.schedule)} instalments until "
                f"{event.schedule[-1].due_date}, with interest of {yuan(interest)}."
            )
        case PlanCreated() if event.kind == "restructuring":
            return (
                f"By agreement {yuan(event.amount_fen)} is paid in {len(event.schedule)} instalments as plan "
                f"{event.plan_id}; if one is missed, all of it has been due since {event.original_due_date}."
            )
        case PlanBroken():
            due = event.principal_fen + event.interest_fen + event.fees_fen
            return (
                f"Plan {event.plan_id} broken: {yuan(due)} more is due at once, as if it had been since "
                f"{event.original_due_date}."
            )
        case PlanCreated():
            return (
                f"Plan {event.plan_id}: {yuan(event.amount_fen)} of statement {event.statement_no} is paid in "
                f"{len(event.schedule)} instalments with fees of {yuan(event.fee_total_fen)}."
            )
        case PlanFeePosted(kind="settlement"):
            return f"Fee of {yuan(event.amount_fen)} for paying plan {event.plan_id} early."
        case PlanFeePosted():
            return f"Fee of {yuan(event.amount_fen)} for instalment {event.number} of plan {event.plan_id}."
        case InstalmentPosted():
            return f"Instalment {event.number} of plan {event.plan_id}: {yuan(event.principal_fen)} is payable."
        case PlanSettledEarly():
            paid = f", interest {yuan(event.interest_fen)}" if event.interest_fen else ""
            return (
                f"Plan {event.plan_id} settled early: principal {yuan(event.principal_fen)}{paid}, "
                f"fee {yuan(event.fee_fen)}."
            )
        case PlanPrepaid():
            return (
                f"{yuan(event.principal_fen)} of plan {event.plan_id} paid early, with interest of "
                f"{yuan(event.interest_fen)} and a fee of {yuan(event.fee_fen)}; "
                f"{len(event.left.instalments)} instalments are left."
            )
        case AccountStandingChanged() if event.move == "convert_away":
            return "All that was billed is paid in instalments now."
        case AccountStandingChanged() if event.move == "restructure":
            return "An agreement has taken the place of what was billed; nothing is past due."
        case AccountStandingChanged():
            return f"Standing is {event.standing} again: a correction found more owed than was thought."
        case AccountChargedOff():
            return f"Charged off ({event.reason}){_split(event.amounts, 0)}; all of it stays owed."
        case AccountRecovered():
            return "The charged-off debt is fully repaid."
        case WriteOffUndone():
            return f"Charge-off undone ({event.reason})."
        case AccountPaid():
            return f"Statement {event.statement_no} fully settled."
        case AccountOverdue():
            return (
                f"Overdue: {yuan(event.missed_fen)} of statement {event.statement_no}, due {event.due_date}, was missed; "
                f"days past due: {event.dpd}."
            )
        case AccountCured():
            return "No minimum is missed any more."
        case AccountFrozen():
            return f"Frozen: {event.reason}{_also(event.reasons_now, event.reason)}."
        case AccountUnfrozen():
            return f"Freeze lifted: {event.reason}{_also(event.reasons_now, event.reason)}."
        case DeathRecorded():
            dropped = sum(each.amount_fen for each in event.dropped)
            never = f"; {yuan(dropped)} bought after it never counted" if dropped else ""
            return f"The customer died on {event.date_of_death}; charges stop from then{never}."
        case AppealLodged():
            return f"Appeal {event.appeal_id} against {event.against}; an answer is owed by {event.decide_by}."
        case AppealDecided():
            limit = f" with a limit of {yuan(event.limit_fen)}" if event.limit_fen is not None else ""
            return f"Appeal {event.appeal_id} against {event.against} {event.outcome.replace('_', ' ')}{limit} ({event.reason})."
        case ClosureRequested():
            in_the_way = ", ".join(
                f"{obstacle.kind} {yuan(obstacle.amount_fen)}" if obstacle.amount_fen else obstacle.kind
                for obstacle in event.obstacles
            )
            return f"Closure requested; it waits for: {in_the_way}."
        case ClosureWithdrawn():
            return f"Closure withdrawn; the limit is {yuan(event.limit_fen)} again."
        case AccountClosed():
            debt = f"; {yuan(event.owed_fen)} stays owed" if event.owed_fen else ""
            reason = f" ({event.reason})" if event.reason else ""
            return f"Closed, {event.kind}{reason}{debt}."
        case AccountReinstated():
            return f"Reinstated after appeal {event.appeal_id} with a limit of {yuan(event.limit_fen)}."
        case ReportDisputed():
            return (
                f"Report dispute {event.report_dispute_id} over {', '.join(event.months)}"
                f"{f' of loan {event.plan_id}' if event.plan_id else ''}; "
                f"an answer is owed by {event.decide_by}."
            )
        case ReportCorrected():
            changes = ", ".join(f"{each.month} {each.new} instead of {each.old}" for each in event.changes)
            told = f": {changes}" if changes else ""
            return f"Report dispute {event.report_dispute_id} {event.outcome} ({event.reason}){told}."
        case InactivityNoticed():
            return f"Told by {event.channel} ({event.template}): unused, {event.step} comes on {event.due_on}."
        case RiskAlerted():
            return f"Alert {event.rule}: see {event.evidence_ref}."
        case _:
            assert_never(event)


def _split(applied: Mapping[Bucket, int], credited: int) -> str:
    parts = [f"{bucket.replace('_', ' ')} {yuan(fen)}" for bucket, fen in applied.items()]
    if credited:
        parts.append(f"credit {yuan(credited)}")
    return f": {', '.join(parts)}" if parts else ""


def _charges(event: Restated) -> str:
    plan_fees = event.plan_fee_delta_fen
    deltas = {
        "interest": event.interest_delta_fen,
        "late fees": event.late_fee_delta_fen - plan_fees,
        **({"plan fees": plan_fees} if plan_fees else {}),
        "waived": event.waived_delta_fen,
    }
    return ", ".join(f"{what} {yuan(delta)}" for what, delta in deltas.items())


def _also(reasons: tuple[str, ...], reason: str) -> str:
    others = [other for other in reasons if other != reason]
    return f"; still: {', '.join(others)}" if others else ""
