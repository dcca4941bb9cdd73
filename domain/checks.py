"""What several decisions check before they record anything; each refuses with its reason and the numbers."""

from collections.abc import Mapping
from datetime import date, timedelta

from domain.account import Account
from domain.commands import (
    Actor,
    Authorize,
    Capture,
    Command,
    ConvertToPlan,
    DisputeReport,
    Draw,
    LodgeAppeal,
    OpenDispute,
    PrepayPlan,
    Purchase,
    ReceivePayment,
    RefundCredit,
    RefundPurchase,
    Restructure,
    SettleEarly,
)
from domain.customer_commands import CustomerCommand
from domain.events import PlanKind
from domain.money import FEN_MAX
from domain.refusals import Reason, Refused
from domain.terms import Catalogue, Product, Terms

WHY_NOT_OPEN: dict[str, Reason] = {
    "pending": "not_activated",
    "frozen": "account_frozen",
    "closing": "account_closing",
    "closed": "account_closed",
}


def said_before(command: Command, account: Account) -> bool:  # noqa: C901, PLR0911, PLR0912, PLR0915 - one case a kind
    """Whether the reference that `command` carries was used before; then it must come with the content of that time."""
    match command:
        case Purchase(purchase_id=name):
            if (posted := account.purchase(name)) is None:
                return False
            first = {"amount_fen": posted.amount, "merchant_id": posted.merchant_id}
            _check_same(command, "purchase_id_reused", "purchase_id", first)
        case Capture(purchase_id=name):
            if (posted := account.purchase(name)) is None:
                return False
            first = {"hold_id": posted.hold_id, "amount_fen": posted.amount}
            _check_same(command, "purchase_id_reused", "purchase_id", first)
        case Authorize(hold_id=name):
            if (held := account.hold(name)) is None:
                return False
            first = {"amount_fen": held.amount, "merchant_id": held.merchant_id}
            _check_same(command, "hold_id_reused", "hold_id", first)
        case LodgeAppeal(appeal_id=name):
            if (appeal := account.appeals.get(name)) is None:
                return False
            first = {"against": appeal.against, "evidence_ref": appeal.evidence_ref}
            _check_same(command, "appeal_id_reused", "appeal_id", first)
        case DisputeReport(report_dispute_id=name):
            if (denied := account.report_disputes.get(name)) is None:
                return False
            first = {"months": denied.months, "plan_id": denied.plan_id}
            _check_same(command, "report_dispute_id_reused", "report_dispute_id", first)
        case RefundPurchase(refund_id=name):
            if (refunded := account.refund(name)) is None:
                return False
            first = {"purchase_id": refunded.purchase_id, "amount_fen": refunded.amount}
            _check_same(command, "refund_id_reused", "refund_id", first | _value_date(command.value_date, refunded.on))
        case ReceivePayment(channel=channel, payment_ref=name):
            if (received := account.payment(channel, name)) is None:
                return False
            first = {"amount_fen": received.amount} | _value_date(command.value_date, received.on)
            _check_same(command, "payment_ref_reused", "payment_ref", first)
        case ConvertToPlan(plan_id=name):
            if (plan := account.plan(name)) is None:
                return False
            _check_kind(name, plan.kind, "conversion")
            first = {"amount_fen": plan.amount, "months": plan.months}
            statement = {} if command.statement_no is None else {"statement_no": plan.statement_no}
            _check_same(command, "plan_id_reused", "plan_id", first | statement)
        case Draw(draw_id=name):
            if (drawn := account.drawing(name)) is None:
                return False
            plan = account.plan(drawn.plan_id)
            first = {"amount_fen": drawn.amount, "plan_id": drawn.plan_id, "payout_token": drawn.payout_token}
            months = {"months": plan.months} if plan else {}
            _check_same(command, "draw_id_reused", "draw_id", first | months)
        case Restructure(plan_id=name):
            if (plan := account.plan(name)) is None:
                return False
            _check_kind(name, plan.kind, "restructuring")
            _check_same(command, "plan_id_reused", "plan_id", {"months": plan.months})
        case PrepayPlan(channel=channel, payment_ref=name):
            if (received := account.payment(channel, name)) is None:
                return False
            first = {"amount_fen": received.amount, "plan_id": received.plan_id or None}
            of = {"principal_fen": received.prepaid}
            _check_same(command, "payment_ref_reused", "payment_ref", first | of)
        case SettleEarly(channel=channel, payment_ref=name):
            if (received := account.payment(channel, name)) is None:
                return False
            first = {"amount_fen": received.amount, "plan_id": "" if received.prepaid else received.plan_id or None}
            _check_same(command, "payment_ref_reused", "payment_ref", first)
        case RefundCredit(refund_id=name):
            if (paid_out := account.payout(name)) is None:
                return False
            first = {"amount_fen": paid_out.amount, "payout_token": paid_out.payout_token}
            _check_same(command, "refund_id_reused", "refund_id", first)
        case OpenDispute(dispute_id=name):
            if (dispute := account.dispute(name)) is None:
                return False
            first = {"purchase_id": dispute.purchase_id, "amount_fen": dispute.amount, "reason": dispute.reason}
            _check_same(command, "dispute_id_reused", "dispute_id", first)
        case _:
            return False
    return True


def _value_date(asked: date | None, known: date) -> dict[str, object]:
    # A sender who leaves it to us says the same on every day.
    return {} if asked is None else {"value_date": known}


def _check_kind(plan_id: str, first: PlanKind, asked: PlanKind) -> None:
    if first != asked:
        raise Refused("plan_id_reused", field="plan_id", reference=plan_id, differs="kind", first=first, asked=asked)


def _check_same(command: Command, reason: Reason, field: str, first: Mapping[str, object]) -> None:
    for name, known in first.items():
        asked = getattr(command, name)
        if asked != known:
            raise Refused(
                reason, field=field, reference=getattr(command, field), differs=name, first=known, asked=asked
            )


def check_activated(account: Account) -> None:
    """Nothing that presumes a line may be asked of an application."""
    if account.access == "pending":
        raise Refused("not_activated", access=account.access)


def check_offered(command: Command, account: Account, by: Product) -> None:
    """What one product offers may not be asked of an account of another."""
    product = account.ledger.terms.product
    if product != by:
        raise Refused("not_offered", asked=command.DO, product=product, offered_by=by)


def published(catalogue: Catalogue, version: str) -> Terms:
    """The terms of that version."""
    terms = catalogue.get(version)
    if terms is None:
        raise Refused("terms_unknown", field="terms_version", asked=version, known=sorted(catalogue))
    return terms


def check_value_date(
    account: Account,
    value_date: date | None,
    today: date,
    *,
    field: str = "value_date",
    not_before: date = date.min,
) -> date:
    """The day from which a fact counts: today, or an earlier one within the terms' bound and not before activation."""
    if value_date is None:
        return today
    furthest = today - timedelta(days=account.ledger.terms.backdate_days_max)
    earliest = max(furthest, account.activated_on or today, not_before)
    if not earliest <= value_date <= today:
        raise Refused("value_date_not_allowed", field=field, asked=value_date, earliest=earliest, latest=today)
    return value_date


def check_who(command: Command | CustomerCommand) -> None:
    """Who may ask for it; and two people, two different ones, where the command needs them."""
    for field in ("actor", "second_actor"):
        actor: Actor | None = getattr(command, field)
        if actor is not None and command.BY and actor.role not in command.BY:
            raise Refused("role_not_allowed", field=field, role=actor.role, allowed=list(command.BY))
    if not command.FOUR_EYES:
        return
    # One person may act in several roles, and is still one.
    if command.second_actor is None or command.second_actor.id == command.actor.id:
        raise Refused("second_actor_needed", field="second_actor", actor=str(command.actor))


def check_bound(amount: int, on_top_of: int, field: str = "amount_fen") -> None:
    """An amount on top of what is there must stay within the bound of money."""
    # Each amount alone is bounded at the door; their sum must stay writable too.
    if amount + on_top_of > FEN_MAX:
        raise Refused("amount_invalid", field=field, asked=amount, highest=max(0, FEN_MAX - on_top_of))
