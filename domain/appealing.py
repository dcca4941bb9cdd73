"""Appeals: the customer asks for a freeze or a closure to be looked at again, and is answered. They move no money."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.account import Account
from domain.checks import check_activated
from domain.closure import BY_THE_LENDER, close_when_clear
from domain.commands import DecideAppeal, LodgeAppeal, Reinstate
from domain.delinquency import lifted
from domain.events import (
    AccountEvent,
    AccountReinstated,
    AppealDecided,
    AppealLodged,
    LimitChanged,
    RiskAlerted,
)
from domain.granting import check_limit
from domain.lifecycle import move_access
from domain.refusals import Refused

Facts = Iterator[AccountEvent]
_ANSWERED_WITHIN = timedelta(days=20)


def lodge_appeal(command: LodgeAppeal, account: Account, today: date) -> Facts:
    """In time, and one at a time; after a rejection only with evidence that is new."""
    check_activated(account)
    against, terms = command.against, account.ledger.terms
    if against == "closure":
        since = account.closed_on if account.close_kind in BY_THE_LENDER else None
        heard_for = terms.reinstate_days
    else:
        since, heard_for = account.frozen_since.get(against), terms.appeal_days
    if since is None:
        raise Refused("nothing_to_appeal", field="against", asked=against, access=account.access)
    latest = since + timedelta(days=heard_for)
    if today > latest:
        raise Refused("appeal_too_late", field="against", asked=today, since=since, latest=latest)
    _check_earlier(command, account, since)
    yield AppealLodged(
        appeal_id=command.appeal_id,
        against=against,
        decide_by=today + _ANSWERED_WITHIN,
        evidence_ref=command.evidence_ref,
    )


def _check_earlier(command: LodgeAppeal, account: Account, since: date) -> None:
    """Whether an earlier appeal against the same, which stands `since`, leaves room for another."""
    against = command.against
    for appeal_id, earlier in account.appeals.items():
        if earlier.against != against:
            continue
        if earlier.outcome is None:
            raise Refused("appeal_open", field="against", appeal_id=appeal_id, decide_by=earlier.decide_by)
        # Upheld, it lifted a freeze; where that stands it was set anew since, be it on the same day.
        if earlier.on < since or (earlier.outcome != "rejected" and against != "closure"):
            continue
        if earlier.outcome != "rejected":
            raise Refused("appeal_decided", field="against", appeal_id=appeal_id, outcome=earlier.outcome)
        if command.evidence_ref in {None, earlier.evidence_ref}:
            raise Refused("new_evidence_needed", field="evidence_ref", asked=command.evidence_ref, rejected=appeal_id)


def decide_appeal(command: DecideAppeal, account: Account, today: date) -> Facts:
    """Upheld, a freeze reason is lifted; a closure is then undone by a decision on the limit of its own."""
    appeal = account.appeals.get(command.appeal_id)
    if appeal is None:
        raise Refused("appeal_unknown", field="appeal_id", asked=command.appeal_id)
    if (appeal.outcome, appeal.limit) == (command.outcome, command.limit_fen):
        return
    if appeal.outcome is not None:
        raise Refused("appeal_decided", field="appeal_id", outcome=appeal.outcome)
    lower = command.limit_fen
    if lower is not None:
        before = account.limit or account.limit_before_closing
        check_limit(lower, account.ledger.terms)
        if lower >= before:
            raise Refused("limit_not_lower", field="limit_fen", asked=lower, limit=before)
    against = appeal.against
    yield AppealDecided(
        appeal_id=command.appeal_id, against=against, outcome=command.outcome, limit_fen=lower, reason=command.reason
    )
    if today > appeal.decide_by:
        yield RiskAlerted(rule="appeal_answered_late", evidence_ref=command.appeal_id)
    if against == "closure" or command.outcome == "rejected":
        return
    if lower is not None and account.access in ("open", "frozen"):
        yield LimitChanged(limit_fen=lower, reason="appeal")
    if against in account.frozen_since:
        yield lifted(account, against, command.appeal_id)
    yield from close_when_clear(account)


def reinstate(command: Reinstate, account: Account) -> Facts:
    """Undo a closure by force or for inactivity, once an appeal against it was upheld; the debt was never gone."""
    access = move_access("reinstate_frozen" if account.frozen_since else "reinstate", account.access)
    if account.close_kind not in BY_THE_LENDER or account.closed_on is None:
        raise Refused("not_reinstatable", close_kind=account.close_kind)
    # A loss that was recovered since is one all the same: nothing that is bought on it would ever be billed.
    if account.ledger.charged_off_due is not None:
        raise Refused("charged_off", owed=account.ledger.owed)
    if account.death is not None:
        raise Refused("not_reinstatable", date_of_death=account.death.on)
    appeal = account.appeals.get(command.appeal_id)
    if appeal is None:
        raise Refused("appeal_unknown", field="appeal_id", asked=command.appeal_id)
    if appeal.against != "closure" or appeal.on < account.closed_on or appeal.outcome in {None, "rejected"}:
        raise Refused("appeal_not_upheld", field="appeal_id", against=appeal.against, outcome=appeal.outcome)
    check_limit(command.limit_fen, account.ledger.terms, highest=appeal.limit)
    if access is not None:
        yield AccountReinstated(limit_fen=command.limit_fen, appeal_id=command.appeal_id, access=access)
