"""What holds for every life of an account, whatever was asked of it; each law is a function that fails when it does not."""

import copy
from collections import Counter
from datetime import timedelta
from itertools import permutations, takewhile

from domain import account as accounts
from domain import charges, codec, snapshot
from domain import decisions as deciding
from domain.account import Account
from domain.borrowing import against_borrowing
from domain.commands import (
    AdvanceTo,
    CorrectBalances,
    Draw,
    Open,
    Purchase,
    ReceivePayment,
    RefundPurchase,
    Restructure,
    SettleEarly,
    UndoWriteOff,
    Unfreeze,
    WaiveDebt,
    WithdrawClosure,
)
from domain.derivation import Derivation
from domain.events import (
    AccountBilled,
    AccountChargedOff,
    AccountFrozen,
    AccountUnfrozen,
    BalancesCorrected,
    CashDrawn,
    CreditRefunded,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    HoldPlaced,
    HoldReleased,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    MoneyEvent,
    PaymentReceived,
    PaymentReversed,
    PlanBroken,
    PlanCreated,
    PlanFeePosted,
    PlanPrepaid,
    PurchasePosted,
    PurchaseRefunded,
    Restated,
    WriteOffUndone,
)
from domain.lifecycle import ACCESS_MACHINE, STANDING_MACHINE, headline
from domain.money import BUCKETS
from domain.refusals import Refused
from domain.snapshot import dump
from tests.domain.by_hand import Book
from tests.domain.in_hindsight import Hindsight, Plan, month_of, nearest
from tests.domain.lives import Life

BILLED = ("principal_billed", "interest_billed", "fees_billed")
UNBILLED = ("principal_unbilled", "interest_unbilled", "fees_unbilled")


def stations(life: Life) -> list[Account]:
    """The account after each thing that was asked."""
    return [told.after for told in life.told if told.after is not None]


def at_the_end_of(life: Life):
    """Each command's own events, with the account they led to."""
    return [(told.events, told.after) for told in life.told if told.events]


# State


def no_bucket_is_negative_and_what_is_owed_is_their_sum(life: Life) -> None:
    for account in stations(life):
        buckets = account.ledger.buckets
        assert set(buckets) == set(BUCKETS)
        assert min(buckets.values()) >= 0
        assert account.ledger.owed == sum(fen for bucket, fen in buckets.items() if bucket != "credit")


def who_has_credit_owes_nothing_billed_or_unbilled(life: Life) -> None:
    for account in stations(life):
        if account.ledger.credit:
            assert not any(account.ledger.buckets[bucket] for bucket in BILLED + UNBILLED)


def minima_are_positive_and_within_what_is_billed(life: Life) -> None:
    for account in stations(life):
        amounts = [each.amount for each in account.ledger.layers]
        assert all(amount > 0 for amount in amounts)
        assert sum(amounts) <= sum(account.ledger.buckets[bucket] for bucket in BILLED)
        due_dates = [each.due_date for each in account.ledger.layers]
        assert due_dates == sorted(set(due_dates))


def unpaid_purchases_are_the_principal(life: Life) -> None:
    for account in stations(life):
        slices = account.ledger.slices.values()
        # Under interest from posting, what is paid of a statement is kept until its due test.
        kept = account.ledger.untested_due if account.ledger.terms.interest_method == "from_posting" else None
        assert all(each.unpaid > 0 or (each.unpaid == 0 and each.due_date == kept is not None) for each in slices)
        for billed, bucket in ((True, "principal_billed"), (False, "principal_unbilled")):
            expected = sum(each.unpaid for each in slices if (each.due_date is not None) == billed)
            assert account.ledger.buckets[bucket] == expected


def what_bears_interest_is_what_was_unpaid_at_its_due_test(life: Life) -> None:
    """What was billed without a statement has no due test, and bears from the day it was; a loss bears nothing."""
    printed = {each.due_date for each in life.events if isinstance(each, AccountBilled)}
    for account in stations(life):
        ledger = account.ledger
        grace = timedelta(days=ledger.terms.grace_days + 1)
        billed = [each for each in ledger.slices.values() if each.due_date]
        late = [
            each for each in billed if each.due_date not in printed or each.due_date + grace <= ledger.business_date
        ]
        lost = ledger.charged_off_due is not None
        assert ledger.bearing == (0 if lost else sum(each.unpaid for each in late))


def overdue_is_exactly_having_a_missed_minimum_above_tolerance(life: Life) -> None:
    """Before a charge-off; from then on the days past due count on until nothing but what is disputed is owed."""
    for account in stations(life):
        ledger, terms = account.ledger, account.ledger.terms
        lost = ledger.charged_off_due
        assert (account.standing == "charged_off") == (lost is not None and ledger.owed > 0)
        if lost is not None:
            assert not ledger.layers
            assert ledger.dpd == (max(0, (ledger.business_date - lost).days) if ledger.minimum_due else 0)
            continue
        grace = timedelta(days=terms.grace_days + 1)
        missed = [
            each
            for each in ledger.layers
            if each.due_date + grace <= ledger.business_date and each.amount > terms.tolerance
        ]
        assert ledger.dpd == max([0, *((ledger.business_date - each.due_date).days for each in missed)])
        assert (account.standing == "overdue") == bool(missed)
        assert ledger.arrears == sum(each.amount for each in missed)


def frozen_is_exactly_having_a_reason(life: Life) -> None:
    for account in stations(life):
        assert len(set(account.reasons)) == len(account.reasons)
    for each in life.events:
        if isinstance(each, AccountFrozen):
            assert sorted(set(each.reasons_now)) == sorted(each.reasons_now)
    for account in stations(life):
        if account.access in ("pending", "open", "frozen"):
            assert (account.access == "frozen") == bool(account.reasons)


def nobody_closed_or_closing_has_a_limit(life: Life) -> None:
    for account in stations(life):
        assert (account.limit == 0) == (account.access in ("pending", "closing", "closed"))
        assert (account.close_kind is not None) == (account.access == "closed")
        if account.close_kind == "voluntary":
            closed = [each for each in life.events if each.TYPE == "account.closed"][-1]
            assert closed.owed_fen == 0


def what_is_planned_is_the_instalments_to_come(life: Life) -> None:
    """A plan goes on as long as it has principal; only instalments that a refund took away have neither that nor a fee.

    Of a loan of which only interest is paid before its end, all but the last are without principal; and an agreement may
    have more months than principal.
    """
    for account in stations(life):
        plans = account.ledger.plans.values()
        planned = dict.fromkeys(("principal_planned", "interest_planned", "fees_planned"), 0)
        for plan in plans:
            for each in plan.instalments:
                _carry(planned, each, +1)
        assert planned == {bucket: account.ledger.buckets[bucket] for bucket in planned}
        for plan in plans:
            numbers = [each.number for each in plan.instalments]
            assert numbers == list(range(numbers[0], numbers[-1] + 1))
            dues = [each.due_date for each in plan.instalments if each.due_date]
            assert dues == sorted(set(dues))
            assert any(
                each.principal_fen + each.carried_interest_fen + each.carried_fees_fen for each in plan.instalments
            )
            if plan.kind != "conversion":
                assert not any(each.fee_fen for each in plan.instalments)
                continue
            empty = [not each.principal_fen for each in plan.instalments]
            assert not empty[0]
            assert empty == sorted(empty)
            assert all(each.principal_fen or not each.fee_fen for each in plan.instalments)
            assert sum(part.amount_fen for part in plan.parts) >= sum(each.principal_fen for each in plan.instalments)


def instalments_are_all_of_what_they_were_made_of(life: Life) -> None:
    """They sum to principal and fee, or to what an agreement took of each kind; what is paid early leaves the rest."""
    left = {}
    for event in life.events:
        if isinstance(event, PlanCreated):
            plan = Plan(event)
            taken = Counter(dict.fromkeys(("principal", "interest", "fees"), 0))
            for bucket, fen in event.taken.items():
                taken[bucket.partition("_")[0]] += fen
            if event.kind != "restructuring":
                taken["principal"] = event.amount_fen
            assert taken == Counter(principal=plan.left(), interest=plan.old_interest(), fees=plan.old_fees())
            assert sum(each.fee_fen for each in event.schedule) == event.fee_total_fen
            assert plan.told() == _by_hand(plan)
            left[event.plan_id] = plan
        elif isinstance(event, PlanPrepaid):
            plan = left[event.plan_id]
            plan.instalments = plan.instalments[-len(event.left.instalments) :]
            before = [each.model_copy() for each in event.left.instalments]
            for each, now in zip(plan.instalments, before, strict=True):
                each.principal, each.interest, each.due = now.principal_fen, now.interest_fen, now.due_date
            assert plan.told() == _by_hand(plan)


def _by_hand(plan: Plan) -> list:
    """The same plan, spread anew: by its scheme, or an agreement's evenly, each with a twelfth of the year's rate."""
    again = copy.deepcopy(plan)
    if plan.kind == "draw":
        again.spread_anew(0)
    if plan.kind == "restructuring":
        left, n = plan.left(), len(plan.instalments)
        for name, fen in (("principal", left), ("old_interest", plan.old_interest()), ("old_fees", plan.old_fees())):
            for each in again.instalments:
                setattr(each, name, fen // n + (fen % n if each.number == n else 0))
        for each in again.instalments:
            each.interest = nearest(left * plan.rate / 12)
            left -= each.principal
            each.due = month_of(plan.made_on, each.number) if plan.instalments[0].due else None
    return again.told()


def a_broken_agreement_is_past_due_as_if_it_had_never_been_made(life: Life) -> None:
    """Since what was overdue when it was made, as far as that is known by now."""
    agreed = {}
    for event in life.events:
        if isinstance(event, PlanCreated) and event.kind == "restructuring":
            agreed[event.plan_id] = event.original_due_date
        elif isinstance(event, Restated) and event.agreement is not None:
            agreed[event.agreement.plan_id] = event.agreement.original_due_date
        elif isinstance(event, PlanBroken):
            assert event.original_due_date == agreed[event.plan_id]
            assert event.dpd_after == (event.business_date - agreed[event.plan_id]).days
            assert event.arrears_after >= event.principal_fen + event.interest_fen + event.fees_fen


def a_kept_agreement_is_paid_to_its_end_and_nothing_of_it_is_left(life: Life) -> None:
    """Every agreement that a life makes is kept for once: each statement is paid on its bill day."""
    for told in [each for each in life.told if each.events and isinstance(each.command, Restructure)]:
        made = next(each for each in reversed(told.events) if isinstance(each, PlanCreated))
        account, posted = told.after, Counter()
        assert account is not None
        life.day = account.business_date
        while account.ledger.agreement is not None:
            on = account.next_event_on()
            if on is None:  # all is paid; that it was will be found at a due test at which nothing happens
                break
            life.day = on
            due = life.decide(life.command(AdvanceTo, date=on), account).account.ledger.minimum_due
            pay = {"payment_ref": f"kept-{account.version}", "channel": "transfer", "amount_fen": due}
            asked = life.command(ReceivePayment, **pay) if due else life.command(AdvanceTo, date=on)
            decision = life.decide(asked, account)
            account = decision.account
            assert account is not None
            assert not any(isinstance(each, PlanBroken) for each in decision.events)
            for each in decision.events:
                if isinstance(each, InstalmentPosted) and each.plan_id == made.plan_id:
                    posted.update(principal=each.principal_fen, interest=each.interest_fen, fees=each.fees_fen)
        assert sum(posted.values()) == made.amount_fen
        assert account.ledger.planned == account.ledger.billed == 0
        assert "restructured" not in account.reasons


def loans_owe_and_are_demanded_together_what_the_account_is(life: Life) -> None:
    """After each event, and at each month's end that is told anew: the whole, the principal, each minimum."""
    drawn = False
    for event in life.events:
        drawn = drawn or isinstance(event, CashDrawn)
        if isinstance(event, MoneyEvent):
            assert drawn or not event.loans_after
            if drawn:
                parts = event.loans_after
                assert sum(each.owed_fen for each in parts) == event.owed_after.total, event
                principal = sum(
                    getattr(event.owed_after, bucket) for bucket in BUCKETS if bucket.startswith("principal")
                )
                assert sum(each.principal_fen for each in parts) == principal, event
                assert _minima(each.unpaid_minima for each in parts) == _minima([event.unpaid_minima_after]), event
                for each in parts:
                    assert 0 <= each.principal_fen <= each.owed_fen
                    assert sum(minimum.amount_fen for minimum in each.unpaid_minima) <= each.owed_fen
        for end in event.months if isinstance(event, Restated) and drawn else ():
            ends = [told for loan in event.loans for told in loan.months if told.month_end == end.month_end]
            assert sum(each.owed_fen for each in ends) == end.owed_fen
            assert _minima(each.unpaid_minima for each in ends) == _minima([end.unpaid_minima])
            dpd = max((each.dpd for each in ends), default=0)
            # Of a loss each loan goes on from its own due date, and the first may be paid.
            lost = any(each.statement_no == 0 for each in end.unpaid_minima)
            assert dpd <= end.dpd if lost else dpd == end.dpd
            assert any(each.missed_this_month for each in ends) == end.missed_this_month


def _minima(told) -> dict:
    """What is demanded by statement; of a loss in all, since each loan may be due since another day."""
    found: Counter = Counter()
    for minima in told:
        for each in minima:
            found[each.statement_no, each.due_date if each.statement_no else None] += each.amount_fen
    return dict(found)


def interest_and_fees_are_of_the_loans_that_they_were_charged_for(life: Life) -> None:
    """All of them, but what an officer stated."""
    stated = any(isinstance(event, BalancesCorrected) and event.cause_version is None for event in life.events)
    for account in stations(life):
        ledger = account.ledger
        if ledger.loans is None:
            continue
        told: Counter = Counter()
        for each in ledger.loans.charges:
            told[f"{each.kind}_{'billed' if each.due_date else 'unbilled'}"] += each.amount_fen
        for bucket in ("interest_billed", "interest_unbilled", "fees_billed", "fees_unbilled"):
            assert told[bucket] == ledger.buckets[bucket] or (stated and told[bucket] <= ledger.buckets[bucket])


def whoever_owes_nothing_has_paid_what_was_lent_and_charged_and_nothing_else(life: Life) -> None:  # noqa: C901, PLR0912 - one case a way to pay
    """Every life, paid to its end: by what is due, then each plan early; what came in is what was lent and charged.

    Balances that an officer stated are neither; a life that has them is not asked.
    """
    if any(isinstance(told.command, CorrectBalances) and told.events for told in life.told):
        return
    account: Account = life.account
    more: list = []
    life.day = account.business_date
    for number in range(200):
        ledger = account.fork().ledger
        ledger.pass_time(life.day)
        if ledger.owed == ledger.disputed:
            break
        due, plans = ledger.minimum_due or ledger.billed + ledger.unbilled, list(ledger.plans.values())
        pay = {"payment_ref": f"end-{number}", "channel": "transfer"}
        if due:
            command = life.command(ReceivePayment, **pay, amount_fen=due)
        else:
            payoff = charges.payoff(ledger, plans[0]).total
            command = life.command(SettleEarly, **pay, plan_id=plans[0].plan_id, amount_fen=payoff)
        decision = life.decide(command, account)
        assert decision.account is not None
        account, more = decision.account, [*more, *decision.events]
    lent = came_in = 0
    returned = {(each.channel, each.payment_ref) for each in life.events if isinstance(each, PaymentReversed)}
    forgiven = 0
    for event in (*life.events, *more):
        match event:
            case PurchasePosted() | CashDrawn():
                lent += event.amount_fen
            case PurchaseRefunded():
                lent -= event.amount_fen
            case DisputeResolved(outcome="upheld"):
                lent -= event.amount_fen
            case DeathRecorded():
                lent -= sum(each.amount_fen for each in event.dropped)
            case AccountUnfrozen(reason="deceased"):
                return  # what its death had dropped counts again
            case PaymentReceived() if (event.channel, event.payment_ref) not in returned:
                came_in += event.amount_fen
            case CreditRefunded():
                came_in -= event.amount_fen
            case DebtWaived():
                if event.principal_fen and any(isinstance(each, Restated) for each in life.events):
                    return  # less of it may turn out to have been there to be given up
                forgiven += event.principal_fen
            case _:
                pass
    ledger = account.ledger
    assert ledger.owed == ledger.disputed
    charged = ledger.charges_posted - ledger.waived
    assert came_in == lent - forgiven + charged + ledger.credit - ledger.disputed


# Events


def the_figures_of_an_event_are_those_of_the_amounts_it_names(life: Life) -> None:  # noqa: C901, PLR0912, PLR0915 - one case an event
    """`owed_after`, rebuilt from what each event says that it moved."""
    owed = dict.fromkeys(BUCKETS, 0)

    def lower(amounts):
        for bucket, fen in amounts.items():
            assert fen > 0
            owed[bucket] -= fen

    for event in life.events:
        match event:
            case PurchasePosted():
                owed["principal_unbilled"] += event.amount_fen - event.credit_applied_fen
                owed["credit"] -= event.credit_applied_fen
            case InterestPosted():
                owed["interest_unbilled"] += event.amount_fen - event.credit_applied_fen
                owed["credit"] -= event.credit_applied_fen
            case LateFeePosted():
                owed["fees_unbilled"] += event.amount_fen
            case CashDrawn():
                owed["principal_planned"] += event.amount_fen
            case PlanCreated(kind="draw"):
                pass
            case PlanCreated(kind="restructuring"):
                lower(event.taken)
                assert sum(event.taken.values()) == event.amount_fen
                for each in event.schedule:
                    _carry(owed, each, +1)
            case PlanCreated():
                owed["principal_billed"] -= event.amount_fen
                owed["principal_planned"] += event.amount_fen
            case PlanBroken():
                for kind in ("principal", "interest", "fees"):
                    owed[f"{kind}_planned"] -= getattr(event, f"{kind}_fen")
                    owed[f"{kind}_billed"] += getattr(event, f"{kind}_fen")
            case PlanFeePosted():
                owed["fees_unbilled"] += event.amount_fen - event.credit_applied_fen
                owed["credit"] -= event.credit_applied_fen
            case InstalmentPosted():
                by_credit = event.credit_applied_fen
                owed["credit"] -= by_credit
                for kind in ("fees", "interest", "principal"):  # in this order
                    fen = getattr(event, f"{kind}_fen")
                    owed[f"{kind}_planned"] -= fen
                    owed[f"{kind}_unbilled"] += fen - min(fen, by_credit)
                    by_credit -= min(fen, by_credit)
            case AccountBilled():
                _bill_all(owed)
                assert event.balance_fen == sum(owed[bucket] for bucket in BILLED)
            case AccountChargedOff():
                for kind in ("principal", "interest", "fees"):
                    owed[f"{kind}_unbilled"] += owed[f"{kind}_planned"]
                    owed[f"{kind}_planned"] = 0
                _bill_all(owed)
                owed["credit"] -= event.credit_applied_fen
                left = event.credit_applied_fen
                for bucket in ("principal_billed", "interest_billed", "fees_billed"):  # a loss is paid in this order
                    part = min(left, owed[bucket])
                    owed[bucket] -= part
                    left -= part
                assert event.amounts == {bucket: owed[bucket] for bucket in BILLED if owed[bucket]}
            case PaymentReceived() | PurchaseRefunded():
                lower(event.applied)
                owed["credit"] += event.credited_fen
                assert sum(event.applied.values()) + event.credited_fen == event.amount_fen
            case PaymentReversed():
                owed["credit"] -= event.credit_taken_fen
                for bucket, fen in event.restored.items():
                    owed[bucket] += fen
                assert sum(event.restored.values()) + event.credit_taken_fen == event.amount_fen
            case DebtWaived():
                lower(event.applied)
                owed["credit"] += event.refunded_fen - sum(event.credit_applied.values())
                lower(event.credit_applied)
                assert sum(event.applied.values()) == event.fees_fen + event.interest_fen + event.principal_fen
            case DisputeOpened():
                lower(event.set_aside)
                owed["principal_disputed"] += sum(event.set_aside.values())
            case DisputeResolved():
                owed["principal_disputed"] -= event.set_aside_fen
                owed["credit"] -= event.credit_applied_fen
                if event.outcome == "rejected":
                    bucket = "principal_billed" if event.standing == "charged_off" else "principal_unbilled"
                    owed[bucket] += event.set_aside_fen - event.credit_applied_fen
            case Restated():
                for bucket, delta in event.deltas.items():
                    owed[bucket] += delta
            case CreditRefunded():
                owed["credit"] -= event.amount_fen
            case WriteOffUndone():
                pass
            case _:
                continue
        assert dict(event.owed_after) == owed, event.TYPE
    assert life.account.ledger.buckets == owed


def _carry(owed: dict, instalment, sign: int) -> None:
    owed["principal_planned"] += sign * instalment.principal_fen
    owed["interest_planned"] += sign * instalment.carried_interest_fen
    owed["fees_planned"] += sign * instalment.carried_fees_fen


def _bill_all(owed: dict) -> None:
    for billed, unbilled in zip(BILLED, UNBILLED, strict=True):
        owed[billed] += owed[unbilled]
        owed[unbilled] = 0


def the_last_money_event_of_a_command_says_what_the_account_owes(life: Life) -> None:
    for events, account in at_the_end_of(life):
        money = [each for each in events if isinstance(each, MoneyEvent)]
        if money:
            ledger = account.ledger
            assert dict(money[-1].owed_after) == ledger.buckets
            if money[-1].business_date < account.business_date:
                continue  # a minimum within tolerance may have been met since, which is no event
            assert money[-1].minimum_due_after == ledger.minimum_due
            assert money[-1].arrears_after == ledger.arrears
            assert money[-1].dpd_after == ledger.dpd
            minima = {each.statement_no: each.amount_fen for each in money[-1].unpaid_minima_after}
            lost = {0: ledger.minimum_due} if ledger.charged_off_due and ledger.minimum_due else {}
            assert minima == lost | {each.statement_no: each.amount for each in ledger.layers}


def every_event_says_the_three_words_it_led_to(life: Life) -> None:
    for events, account in at_the_end_of(life):
        last = events[-1]
        assert (last.access, last.standing) == (account.access, account.standing)
        assert last.next_event_on == account.next_event_on()
        assert last.business_date == account.business_date
        assert all(each.status == headline(each.access, each.standing) for each in events)


def money_is_conserved(life: Life) -> None:
    """What was borrowed and charged, less what was paid back, taken back and given up, is what is owed."""
    flow = 0
    for event in life.events:
        match event:
            case (
                PurchasePosted() | CashDrawn() | InterestPosted() | LateFeePosted() | PlanFeePosted() | CreditRefunded()
                | PaymentReversed()
            ):  # fmt: skip
                flow += event.amount_fen
            case PaymentReceived() | PurchaseRefunded():
                flow -= event.amount_fen
            case DebtWaived():
                flow -= event.fees_fen + event.interest_fen + event.principal_fen + event.refunded_fen
            case DisputeResolved(outcome="upheld"):
                flow -= event.set_aside_fen
            case Restated():
                flow += event.interest_delta_fen + event.late_fee_delta_fen
                flow += event.principal_delta_fen - event.waived_delta_fen
            case _:
                continue
        assert flow == event.owed_after.total - event.owed_after.credit, event.TYPE
    assert flow == life.account.ledger.owed - life.account.ledger.credit


def what_is_learnt_late_moves_no_principal_but_what_had_been_paid_of_a_purchase_that_never_counted(life: Life) -> None:
    """Charges change, principal does not: what was bought, paid, returned and paid out is the same, whenever learnt.

    Debt that was given up and balances that an officer stated are limited by what there is to give up or to take
    from, which may be less than was thought; a life that has them is not asked.
    """
    before = None
    for event in life.events:
        if isinstance(event, DebtWaived) and event.principal_fen:
            return
        if isinstance(event, BalancesCorrected):
            if event.cause_version is None:
                return
            match before:
                case DisputeResolved():
                    assert event.principal_delta_fen == before.set_aside_fen - before.amount_fen
                case DeathRecorded():
                    assert event.principal_delta_fen == -sum(each.amount_fen for each in before.dropped)
                case AccountUnfrozen():
                    pass  # what a mistaken death had dropped is owed again, see its own specification
                case _:
                    assert event.principal_delta_fen == 0
        before = event


def access_and_standing_move_only_as_declared(life: Life) -> None:
    moves = {}
    for word, machine in (("access", ACCESS_MACHINE), ("standing", STANDING_MACHINE)):
        moves[word] = {(each.source, each.dest) for each in machine.get_transitions()}
    for before, after in zip(life.events, life.events[1:], strict=False):
        for word, declared in moves.items():
            move = (getattr(before, word), getattr(after, word))
            assert move[0] == move[1] or move in declared, move


def a_statement_costs_one_late_fee_at_most_and_never_more_than_was_missed(life: Life) -> None:
    """Where it turns out that less was brought forward, more of what a statement printed is its own."""
    fees = [each for each in life.events if isinstance(each, LateFeePosted)]
    assert len({each.statement_no for each in fees}) == len(fees)
    billed = {each.statement_no: each for each in life.events if isinstance(each, AccountBilled)}
    restated = any(isinstance(each, Restated) for each in life.events)
    for each in fees:
        statement = billed[each.statement_no]
        missed = statement.minimum_fen if restated else statement.own_minimum_fen
        assert each.amount_fen <= each.base_fen <= missed


def every_figure_is_the_one_reckoned_by_hand(life: Life) -> None:
    """Up to a first correction, as a purchase after a payment of its day may bring; in hindsight all of it is reckoned."""
    events = list(takewhile(lambda event: not isinstance(event, BalancesCorrected), life.events))
    opened = events[0]
    until = life.account.business_date if events == life.events else events[-1].business_date
    Book(life.agreed, opened.bill_day, opened.business_date).follow(events, until)


# Facts learnt late


def the_ledger_is_the_one_derived_from_the_facts(life: Life) -> None:
    for told in life.told:
        if told.events and told.after is not None:
            account = told.after
            derived = Derivation(account.base, account.facts, account.issued).through(account.business_date)
            assert derived == account.ledger, told.command


def every_amount_is_the_one_reckoned_in_hindsight(life: Life) -> None:
    """As section 5.1 has it, by a second reckoning: after every few commands, and at the end."""
    events, told_at = [], [*range(4, len(life.told) - 1, 6), len(life.told) - 1]
    for number, told in enumerate(life.told):
        events += told.events
        if number in told_at:
            account = life.told[number].after
            assert account is not None
            hindsight = Hindsight(life.agreed, events[0].bill_day, events).live(account.business_date)
            assert _figures(account.ledger) == hindsight.figures()


def _figures(ledger) -> dict:
    agreement = ledger.agreement
    return {
        "buckets": {bucket: fen for bucket, fen in ledger.buckets.items() if fen},
        "minima": [(each.statement_no, each.due_date, each.amount) for each in ledger.layers],
        "set aside": {name: each.amount for name, each in ledger.disputes.items()},
        "planned": {
            name: [
                [
                    each.principal_fen,
                    each.fee_fen,
                    each.interest_fen,
                    each.due_date,
                    each.carried_interest_fen,
                    each.carried_fees_fen,
                ]
                for each in plan.instalments
            ]
            for name, plan in ledger.plans.items()
        },
        "agreement": tuple(said.values()) if (said := agreement and agreement.model_dump()) else None,
        "untested": ledger.untested,
        "days past due": ledger.dpd,
        "bearing interest": ledger.bearing,
        "fen-days": (ledger.fen_days, ledger.principal_fen_days),
        "accrued": ledger.accrued,
        "posted, charged, waived": (ledger.interest_posted, ledger.charges_posted, ledger.waived),
    }


def no_minimum_is_above_what_was_printed(life: Life) -> None:
    """A statement's own minimum is at most what it printed; all up to it at most what they printed together.

    What an earlier statement demanded and was paid may be demanded again when the payment is returned, so the bound
    of a statement is its printed minimum, or its own on top of the bound before it. Where an agreement is broken, as many
    a payment that is returned finds, its whole plan may be demanded with the instalment that was missed.
    """
    printed, together, bound, agreed = {}, {}, 0, 0
    for told in life.told:
        for event in told.events:
            if isinstance(event, AccountBilled):
                bound = max(event.minimum_fen, bound + event.own_minimum_fen)
                printed[event.statement_no], together[event.statement_no] = event.minimum_fen, bound
            if isinstance(event, PlanCreated) and event.kind == "restructuring":
                agreed = max(agreed, event.amount_fen)
        left = 0
        for each in told.after.ledger.layers if told.after else ():
            left += each.amount
            assert each.amount <= printed[each.statement_no] + agreed
            assert left <= together[each.statement_no] + agreed


def a_dispute_sets_aside_no_more_than_is_left_of_it_and_of_its_purchase(life: Life) -> None:
    for account in stations(life):
        still_open = {name: each.open for name, each in account.disputes.items() if each.outcome is None}
        assert account.ledger.disputed == sum(each.amount for each in account.ledger.disputes.values())
        assert still_open.keys() <= account.ledger.disputes.keys()
        for name, each in account.ledger.disputes.items():
            assert 0 <= each.amount <= still_open.get(name, 0)
        for purchase_id, posted in account.purchases.items():
            disputes = [each for each in account.disputes.values() if each.purchase_id == purchase_id]
            assert sum(each.open for each in disputes) <= posted.left


# Losses


def a_loss_stands_as_it_was_booked_and_grows_only_by_what_was_forced_returned_or_stated(life: Life) -> None:
    """From the charge-off to its undoing; what is owed includes what is disputed."""
    booked, before = {}, 0
    for told in life.told:
        lost = bool(booked)
        for event in told.events:
            if isinstance(event, AccountChargedOff):
                booked = event.amounts
            if isinstance(event, WriteOffUndone):
                booked = {}
        account = told.after
        assert account is not None
        assert account.original_charge_off == booked
        ledger = account.ledger
        if ledger.charged_off_due is not None:
            assert ledger.minimum_due == ledger.arrears == ledger.owed - ledger.buckets["principal_disputed"]
        may_grow = any(isinstance(each, PurchasePosted | PaymentReversed) for each in told.events)
        if lost and booked and not may_grow and not isinstance(told.command, CorrectBalances):
            assert ledger.owed <= before
        before = ledger.owed


# Deciding


def deciding_leaves_the_account_it_was_given_untouched(life: Life) -> None:
    for told in life.told:
        assert told.before is None or dump(told.before) == told.kept, told.command.DO


def what_is_refused_changes_nothing(life: Life) -> None:
    for told in life.told:
        if told.refusal and told.before is not None:
            assert dump(told.before) == told.kept, told.refusal


def saying_it_again_changes_nothing(life: Life) -> None:
    """What is given up or stated has no reference of its own; whoever keeps commands knows it by the command's."""
    once = {
        Open: {"already_opened"},
        Unfreeze: {"not_frozen"},
        WithdrawClosure: {"no_such_move", "account_closed"},
        UndoWriteOff: {"not_charged_off"},
    }
    for told in life.told:
        if told.refusal or told.after is None or isinstance(told.command, WaiveDebt | CorrectBalances):
            continue
        kept = dump(told.after)
        answer = _answer(life, told.command, told.after)
        if isinstance(answer, Refused):
            assert answer.reason in once.get(type(told.command), ()), answer
        else:
            assert answer.events == ()
            assert answer.account is told.after
        assert dump(told.after) == kept


def _answer(life: Life, command, account: Account) -> deciding.Decision | Refused:
    try:
        return life.decide(command, account)
    except Refused as refused:
        return refused


def replay_leads_to_the_same_account(life: Life) -> None:
    account = None
    for told in life.told:
        if told.events:
            account = accounts.fold(account, told.events)
            assert dump(account) == dump(told.after)
    assert dump(accounts.fold(None, life.events)) == dump(life.account)


def replay_from_a_snapshot_at_any_version_leads_to_the_same_account(life: Life) -> None:
    events, expected = life.events, dump(life.account)
    for version in {1, len(events), *range(3, len(events), max(1, len(events) // 8))}:
        kept = snapshot.load(snapshot.dump(accounts.fold(None, events[:version])))
        assert kept is not None
        assert kept.version == version
        assert dump(accounts.fold(kept, events[version:])) == expected


def what_was_written_down_replays_to_the_same_account(life: Life) -> None:
    read = [codec.decode(each.TYPE, each.VERSION, codec.encode(each)) for each in life.events]
    assert read == life.events
    assert dump(accounts.fold(None, read)) == dump(life.account)


# Time


def many_days_at_once_are_the_same_days_one_by_one(life: Life) -> None:
    last = max(told.command.at for told in life.told)
    at_once = AdvanceTo(**_head(life), at=last + timedelta(days=70), date=(last + timedelta(days=70)).date())
    expected = life.decide(at_once)
    account, events = life.account, []
    for days in range(71):
        on = last + timedelta(days=days)
        decision = life.decide(AdvanceTo(**_head(life), at=on, date=on.date()), account)
        account, events = decision.account, [*events, *decision.events]
    assert tuple(events) == expected.events
    assert dump(account) == dump(expected.account)


def nothing_happens_before_the_day_it_names_and_something_on_it(life: Life) -> None:
    """After a charge-off no day is named but for holds, and the calendar is not asked."""
    for account in stations(life):
        named = account.next_event_on()
        if account.ledger.charged_off_due is not None and not account.held:
            assert named is None
            continue
        day = account.business_date
        for _ in range(40):
            day += timedelta(days=1)
            look = account.fork()
            look.ledger.pass_time(day - timedelta(days=1))
            happens = next(iter(deciding._day_end(look, look.business_date)), None)
            look.ledger.pass_time(day)
            if look.ledger.charged_off_due is None:
                happens = happens or next(iter(deciding._calendar(look, day)), None)
            assert (happens is not None) == (day == named), f"{day}: {happens}, named {named}"
            if happens is not None:
                break


def holds_are_taken_and_given_back_once(life: Life) -> None:
    """What was placed is what was captured of it, what was given back, and what is left; limit never counts twice."""
    placed, taken, given_back = {}, Counter(), Counter()
    for event in life.events:
        match event:
            case HoldPlaced():
                placed[event.hold_id] = event.amount_fen
            case PurchasePosted(hold_id=str(hold_id)):
                assert event.hold_taken_fen <= event.amount_fen
                taken[hold_id] += event.hold_taken_fen
            case HoldReleased():
                assert event.hold_id not in given_back
                given_back[event.hold_id] = event.amount_fen
            case _:
                pass
    account = life.account
    assert {name: fen - taken[name] - given_back[name] for name, fen in placed.items()} == {
        name: held.left for name in placed if (held := account.hold(name)) is not None
    }
    for each in stations(life):
        assert each.held == sum(held.left for held in each.holds.values())
        assert each.held == 0 or each.access not in ("pending", "closed")
        assert each.available == each.limit - each.ledger.owed - each.held + each.ledger.credit


# Order within a day


def _head(life: Life) -> dict:
    return life.command(AdvanceTo, date=life.day).model_dump(exclude={"at", "date", "actor"}) | {
        "actor": life.told[0].command.actor
    }


def _of_one_day(life: Life, account: Account, commands) -> dict:
    for command in commands:
        account = life.decide(command, account).account
    ledger = account.ledger
    return {
        "buckets": ledger.buckets,
        "layers": ledger.layers,
        "slices": sorted(ledger.slices.items()),
        "plans": ledger.plans,
        "bearing": ledger.bearing,
        "dpd": ledger.dpd,
        "accrued": ledger.accrued,
    }


def _mornings(life: Life) -> list[Account]:
    """Some days of a life, as they begin: the calendar's work is done, and nobody has asked anything yet."""
    found = []
    for account in stations(life)[2::5]:
        if account.access not in ("pending", "closing"):
            life.day = account.business_date + timedelta(days=1)
            found.append(life.decide(life.command(AdvanceTo, date=life.day), account).account)
            found[-1].ledger.pass_time(life.day)
    return found


def a_payment_in_two_parts_is_one_payment(life: Life) -> None:
    for account in _mornings(life):
        life.day = account.business_date
        due, owed = account.ledger.minimum_due, account.ledger.owed
        for first, second in ((due or 1, 5_000), (5_000, due or 1), (owed or 1, 7), (1, owed or 1)):
            pay = {"channel": "transfer"}
            parts = [
                life.command(ReceivePayment, payment_ref=ref, amount_fen=fen, **pay)
                for ref, fen in (("x", first), ("y", second))
            ]
            whole = life.command(ReceivePayment, payment_ref="x-and-y", amount_fen=first + second, **pay)
            assert _of_one_day(life, account, parts) == _of_one_day(life, account, [whole])


def the_order_within_a_day_changes_no_amount(life: Life) -> None:
    for account in _mornings(life):
        life.day = account.business_date
        refundable = {name: posted.left for name, posted in account.purchases.items() if posted.left}
        if life.agreed.product == "pay_later":
            borrow = life.command(Purchase, purchase_id="new", amount_fen=9_000, merchant_id="m", forced=True)
        else:
            borrow = life.command(Draw, draw_id="new", plan_id="new", amount_fen=9_000, months=3, payout_token="t")
        # A payment may cure what keeps from drawing, so its order counts for what is refused.
        may = isinstance(borrow, Purchase) or against_borrowing(borrow, account) is None
        commands = [
            *([borrow] if may else []),
            life.command(
                ReceivePayment, payment_ref="x", channel="transfer", amount_fen=account.ledger.minimum_due or 20_000
            ),
            life.command(ReceivePayment, payment_ref="y", channel="counter", amount_fen=3_000),
        ]
        for name, fen in list(refundable.items())[-1:]:
            commands.append(life.command(RefundPurchase, purchase_id=name, refund_id="back", amount_fen=fen))
        told = [_of_one_day(life, account, order) for order in permutations(commands)]
        assert all(each == told[0] for each in told)


LAWS = (
    holds_are_taken_and_given_back_once,
    no_bucket_is_negative_and_what_is_owed_is_their_sum,
    who_has_credit_owes_nothing_billed_or_unbilled,
    minima_are_positive_and_within_what_is_billed,
    unpaid_purchases_are_the_principal,
    what_bears_interest_is_what_was_unpaid_at_its_due_test,
    overdue_is_exactly_having_a_missed_minimum_above_tolerance,
    frozen_is_exactly_having_a_reason,
    nobody_closed_or_closing_has_a_limit,
    the_figures_of_an_event_are_those_of_the_amounts_it_names,
    the_last_money_event_of_a_command_says_what_the_account_owes,
    every_event_says_the_three_words_it_led_to,
    money_is_conserved,
    what_is_learnt_late_moves_no_principal_but_what_had_been_paid_of_a_purchase_that_never_counted,
    access_and_standing_move_only_as_declared,
    a_statement_costs_one_late_fee_at_most_and_never_more_than_was_missed,
    the_ledger_is_the_one_derived_from_the_facts,
    every_amount_is_the_one_reckoned_in_hindsight,
    no_minimum_is_above_what_was_printed,
    a_dispute_sets_aside_no_more_than_is_left_of_it_and_of_its_purchase,
    a_loss_stands_as_it_was_booked_and_grows_only_by_what_was_forced_returned_or_stated,
    deciding_leaves_the_account_it_was_given_untouched,
    what_is_refused_changes_nothing,
    saying_it_again_changes_nothing,
    replay_leads_to_the_same_account,
    replay_from_a_snapshot_at_any_version_leads_to_the_same_account,
    what_was_written_down_replays_to_the_same_account,
    many_days_at_once_are_the_same_days_one_by_one,
    nothing_happens_before_the_day_it_names_and_something_on_it,
    a_payment_in_two_parts_is_one_payment,
    the_order_within_a_day_changes_no_amount,
)
LAWS_OF_PLANS = (*LAWS, what_is_planned_is_the_instalments_to_come, instalments_are_all_of_what_they_were_made_of)
LAWS_OF_LOANS = (
    *LAWS_OF_PLANS,
    a_broken_agreement_is_past_due_as_if_it_had_never_been_made,
    a_kept_agreement_is_paid_to_its_end_and_nothing_of_it_is_left,
    whoever_owes_nothing_has_paid_what_was_lent_and_charged_and_nothing_else,
    loans_owe_and_are_demanded_together_what_the_account_is,
    interest_and_fees_are_of_the_loans_that_they_were_charged_for,
)
# What each event says is reckoned as it happens, so everything has to be known by then, and nothing disputed or lost.
LAWS_IN_TIME = (*LAWS, every_figure_is_the_one_reckoned_by_hand)


def hold(life: Life, laws) -> None:
    """Every law of `laws`; one that is broken shows the life that breaks it."""
    for law in laws:
        try:
            law(life)
        except AssertionError as broken:
            broken.add_note(f"{law.__name__} does not hold for\n{life}")
            raise
