"""The customer and the credit report: what it says of a month may be denied, and is then decided. No debt changes."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.account import Account
from domain.checks import check_activated
from domain.commands import CorrectReport, DisputeReport
from domain.events import AccountEvent, ReportCorrected, ReportDisputed, RiskAlerted
from domain.refusals import Refused

Facts = Iterator[AccountEvent]
_ANSWERED_WITHIN = timedelta(days=20)


def dispute_report(command: DisputeReport, account: Account, today: date) -> Facts:
    """Deny what is told of some months, from the report's first one to the one that is still open."""
    check_activated(account)
    first, last = f"{account.reported_from or today:%Y-%m}", f"{today:%Y-%m}"
    for month in command.months:
        if not first <= month <= last:
            raise Refused("report_month_unknown", field="months", asked=month, earliest=first, latest=last)
    if command.plan_id is not None:
        plan = account.plan(command.plan_id)
        if plan is None or plan.kind != "draw":
            raise Refused("plan_unknown", field="plan_id", asked=command.plan_id)
    yield ReportDisputed(
        report_dispute_id=command.report_dispute_id,
        months=command.months,
        decide_by=today + _ANSWERED_WITHIN,
        plan_id=command.plan_id,
    )


def correct_report(command: CorrectReport, account: Account, today: date) -> Facts:
    """Rejected, the months stay as they are told; upheld, some of them are told otherwise from now on."""
    dispute = account.report_disputes.get(command.report_dispute_id)
    if dispute is None:
        raise Refused("report_dispute_unknown", field="report_dispute_id", asked=command.report_dispute_id)
    if (dispute.outcome, dispute.changes, dispute.reason) == (command.outcome, command.changes, command.reason):
        return
    if dispute.outcome is not None:
        raise Refused("report_dispute_decided", field="report_dispute_id", outcome=dispute.outcome)
    for each in command.changes:
        if each.month not in dispute.months:
            disputed = list(dispute.months)
            raise Refused("report_month_not_disputed", field="changes", asked=each.month, disputed=disputed)
    yield ReportCorrected(
        report_dispute_id=command.report_dispute_id,
        outcome=command.outcome,
        changes=command.changes,
        reason=command.reason,
    )
    if today > dispute.decide_by:
        yield RiskAlerted(rule="report_dispute_answered_late", evidence_ref=command.report_dispute_id)
