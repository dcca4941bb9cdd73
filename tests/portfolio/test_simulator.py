"""The simulated portfolio: the same from the same seed, whole after a crash, and equal to the domain's statements."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import PUBLIC_TRANSITIONS
from infra.portfolio.ledger import LOCAL
from infra.portfolio.population import SHARES
from infra.portfolio.simulator import Portfolio
from tests.portfolio.memory import Memory


def lived(accounts, seed, steps=None):
    script = Portfolio(accounts, seed)
    memory = Memory(script.catalogue)
    memory.live(script, steps)
    return script, memory


@pytest.fixture(scope="module")
def portfolio():
    return lived(360, 7)


@pytest.fixture(scope="module")
def of_kind(portfolio):
    """What happened to the accounts of one kind of people: events and refusals, counted by name."""
    script, memory = portfolio
    happened = {kind: Counter() for kind in script.kinds().values()}
    for account_id, kind in script.kinds().items():
        happened[kind].update(each.TYPE for each in memory.events[account_id])
        for word in ("kind", "reason", "outcome", "rule"):
            happened[kind].update(
                f"{each.TYPE} {getattr(each, word)}" for each in memory.events[account_id] if hasattr(each, word)
            )
    for command, refused in memory.refusals:
        happened[script.kinds()[command.account_id]][f"refused {refused.reason}"] += 1
    return happened


def said(script, steps=None):
    memory = Memory(script.catalogue)
    commands = []
    for number, step in enumerate(script.steps()):
        if number == steps:
            break
        commands += step.commands
        script.learn(step.commands, memory.execute_many(step.commands))
    return commands


# Determinism


def test_the_same_seed_says_the_same(portfolio):
    assert said(Portfolio(40, 3)) == said(Portfolio(40, 3))


def test_another_seed_says_something_else():
    assert said(Portfolio(20, 3), 4) != said(Portfolio(20, 4), 4)


def test_a_larger_portfolio_contains_the_smaller():
    small, large = said(Portfolio(15, 3)), said(Portfolio(30, 3))
    theirs = {_name(each) for each in small}
    assert [each for each in large if _name(each) in theirs] == small


def _name(command):
    """Of the account that it was said for, be it of that or of its customer."""
    return command.command_id.rpartition("-")[0]


def test_a_script_can_be_lived_twice():
    script = Portfolio(12, 1)
    assert said(script) == said(script)


def test_a_step_is_not_given_before_the_last_is_learnt():
    steps = Portfolio(12, 1).steps()
    next(steps)
    with pytest.raises(RuntimeError, match="before it was told"):
        next(steps)


def test_a_portfolio_has_accounts():
    with pytest.raises(ValueError, match="at least one account"):
        Portfolio(0)


# After a crash


@pytest.fixture(scope="module")
def fifty():
    return lived(50, 11)


@pytest.mark.parametrize(("steps", "more"), [(1, 0), (6, 0), (9, 40), (17, 300), (18, 0)])
def test_after_a_crash_it_is_begun_again_and_comes_to_the_same(fifty, steps, more):
    whole, undisturbed = fifty
    crashed = Portfolio(50, 11)
    memory = Memory(crashed.catalogue)
    for number, step in enumerate(crashed.steps(), start=1):
        if number > steps:
            memory.execute_many(step.commands[:more])  # and nobody was told
            break
        crashed.learn(step.commands, memory.execute_many(step.commands))
    again = Portfolio(50, 11)
    memory.live(again)
    assert again.expected_statements() == whole.expected_statements()
    assert [life.book for life in again._lives.values()] == [life.book for life in whole._lives.values()]
    assert again.storyteller() == whole.storyteller()
    assert memory.events == undisturbed.events
    assert memory.accounts == undisturbed.accounts


def test_a_refused_command_is_refused_again_on_its_day(portfolio):
    """Sent anew it meets the account as it was, so nothing of that day may come after a command that was refused."""
    _, memory = portfolio
    refused = {(each.account_id, each.at.astimezone(LOCAL).date()): each.at for each, _ in reversed(memory.refusals)}
    for (account_id, _), known in memory.recorded.items():
        first_refused_at = refused.get((account_id, known.at.astimezone(LOCAL).date()))
        if first_refused_at is not None and first_refused_at < known.at:
            # None of these frees any of the limit, unless the last capture gives something back.
            assert known.DO in {"purchase", "authorize", "capture", "convert_to_plan", "advance_to"}
            assert not getattr(known, "final", False)


# Against the domain


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**9), accounts=st.integers(1, 20))
def test_the_little_ledger_and_the_domain_agree_on_every_statement(seed, accounts):
    script, memory = lived(accounts, seed)
    assert list(memory.differences(script)) == []
    for account_id, account in memory.accounts.items():
        assert account.ledger.owed - account.ledger.credit == script._lives[account_id].book.balance


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_ten_accounts_bring_every_public_transition_about(seed):
    script, memory = lived(10, seed)
    happened = {each.TYPE.removeprefix("account.") for events in memory.events.values() for each in events}
    assert happened >= script.transitions == {each.TYPE.removeprefix("account.") for each in PUBLIC_TRANSITIONS}


# The portfolio


def test_the_commands_of_an_account_go_forward_in_time():
    last = {}
    for command in said(Portfolio(60, 2)):
        assert last.get(_name(command), command.at) <= command.at
        last[_name(command)] = command.at


def test_about_five_commands_come_for_an_account_and_month(portfolio):
    _, memory = portfolio
    months = sum((9 * 30 - (account.opened_on.timetuple().tm_yday - 1)) / 30 for account in memory.accounts.values())
    assert 4 <= memory.decided / months <= 6


def test_the_shares_are_as_stated():
    script, _ = lived(120, 1, 1)
    assert Counter(script.kinds().values()) == {person.__name__: 2 * share for person, share in SHARES.items()}


def test_one_person_in_seven_has_a_loan_and_half_of_those_a_line_too():
    script, _ = lived(840, 1, 1)
    products = {}
    for life in script._lives.values():
        products.setdefault(life.customer_id, []).append(life.book.agreement.product)
    assert Counter(tuple(sorted(each)) for each in products.values()) == {
        ("pay_later",): 48 * 14,
        ("cash_loan",): 4 * 14,
        ("cash_loan", "pay_later"): 4 * 14,
    }


def test_nobody_has_more_than_one_person_may_have(portfolio):
    """20,000,000 fen, of all their accounts together; closed ones counted, as they may be opened again."""
    script, memory = portfolio
    most = Counter()
    for account_id, events in memory.events.items():
        limits = [each.limit_fen for each in events if each.TYPE in {"account.activated", "limit.changed"}]
        most[script._lives[account_id].customer_id] += max(limits, default=0)
    assert max(most.values()) <= 20_000_000


def test_no_loan_is_paid_early_by_another_sum_than_it_takes(portfolio):
    _, memory = portfolio
    assert "payoff_mismatch" not in {refused.reason for _, refused in memory.refusals}


def test_a_loan_costs_nothing_but_its_days_within_the_cooling_off_and_a_fee_later(portfolio):
    fees = Counter()
    for _, events in of(portfolio, "settles_early"):
        drawn = {each.plan_id: each.business_date for each in events if each.TYPE == "cash.drawn"}
        for each in events:
            if each.TYPE == "plan.settled_early":
                within = (each.business_date - drawn[each.plan_id]).days <= 7
                assert (each.fee_fen == 0) == within
                fees[within] += 1
    assert fees[True] >= 6
    assert fees[False] >= 4


def test_a_loan_is_billed_while_another_waits_for_its_due_test(portfolio):
    across = 0
    for _, events in of(portfolio, "repays_two_loans"):
        billed = [(each.business_date, each.due_date) for each in events if each.TYPE == "account.billed"]
        across += sum(due >= following > day for (day, due), (following, _) in pairwise(billed))
    assert across >= 10


def test_agreements_are_kept_to_the_end_and_broken_on_lines_and_on_loans(portfolio):
    ends = Counter()
    for kind in ("keeps_an_agreement", "breaks_an_agreement", "agrees_on_a_loan"):
        for account, events in of(portfolio, kind):
            types = {each.TYPE for each in events}
            lifted = any(each.TYPE == "account.unfrozen" and each.reason == "restructured" for each in events)
            ends[kind, "broken" if "plan.broken" in types else "kept" if lifted else "going on"] += 1
            assert not (account.ledger.owed and lifted and kind == "agrees_on_a_loan")
    assert ends["keeps_an_agreement", "kept"] >= 4
    assert ends["breaks_an_agreement", "broken"] == 6
    assert ends["agrees_on_a_loan", "kept"]
    assert ends["agrees_on_a_loan", "broken"]


def test_only_who_stops_for_good_is_so_late_that_the_debt_is_a_loss(portfolio):
    script, memory = portfolio
    lost = {script.kinds()[key] for key, account in memory.accounts.items() if account.ledger.charged_off_due}
    assert lost == {
        "stops_for_good", "pays_what_was_lost", "misuses", "dies", "stops_repaying", "agrees_on_a_loan",
    }  # fmt: skip
    assert all(account.ledger.dpd < 180 for account in memory.accounts.values() if not account.ledger.charged_off_due)


def test_most_who_stop_for_good_are_charged_off_and_some_pay_a_little_of_it_later(portfolio):
    script, memory = portfolio
    paid = {}
    for account_id, kind in script.kinds().items():
        if kind == "stops_for_good":
            types = [each.TYPE for each in memory.events[account_id]]
            lost = "account.charged_off" in types
            paid[account_id] = lost and "payment.received" in types[types.index("account.charged_off") :]
            assert memory.accounts[account_id].standing == ("charged_off" if lost else "overdue")
    assert len(paid) == 12
    assert 0 < sum(paid.values()) < 12


def test_everybody_who_pays_a_loss_has_paid_all_of_it_in_the_end(portfolio):
    script, memory = portfolio
    back = [memory.accounts[account_id] for account_id, kind in script.kinds().items() if kind == "pays_what_was_lost"]
    assert len(back) == 6
    assert all((each.access, each.close_kind, each.ledger.owed) == ("closed", "recovered", 0) for each in back)


def test_no_statement_follows_a_charge_off(portfolio):
    script, memory = portfolio
    for account_id, account in memory.accounts.items():
        if account.ledger.charged_off_due:
            events = memory.events[account_id]
            (lost,) = (number for number, each in enumerate(events) if each.TYPE == "account.charged_off")
            assert not {"account.billed", "interest.posted", "late_fee.posted"} & {each.TYPE for each in events[lost:]}
            assert max(script._lives[account_id].book.said) <= events[lost].business_date


def of(portfolio, kind):
    """The accounts of one kind of people, with their events."""
    script, memory = portfolio
    return [(memory.accounts[key], memory.events[key]) for key, each in script.kinds().items() if each == kind]


def test_some_debt_that_was_to_be_paid_in_instalments_is_charged_off(portfolio):
    lost = [each for _, events in of(portfolio, "stops_for_good") for each in events if "charged_off" in each.TYPE]
    assert any(each.fell_due.get("principal_planned") for each in lost)


def test_limit_is_held_on_the_last_day(portfolio):
    _, memory = portfolio
    assert sum(account.held > 0 for account in memory.accounts.values()) >= 3


def test_a_hold_is_captured_after_a_bill_day_that_came_between(portfolio):
    _, memory = portfolio
    across = 0
    for events in memory.events.values():
        placed = {each.hold_id: each.business_date for each in events if each.TYPE == "hold.placed"}
        statements = {each.business_date for each in events if each.TYPE == "account.billed"}
        across += sum(
            any(placed[each.hold_id] < day <= each.business_date for day in statements)
            for each in events
            if each.TYPE == "purchase.posted" and each.hold_id
        )
    assert across


def test_plans_are_paid_to_the_end_settled_returned_and_given_back(portfolio):
    plans = Counter()
    for account, events in of(portfolio, "pays_in_instalments"):
        for each in events:
            if each.TYPE == "plan.created":
                plans[f"{len(each.schedule)} months"] += 1
            if each.TYPE == "instalment.posted" and each.number == 3:
                plans["third instalment"] += 1
            if each.TYPE == "purchase.refunded" and "principal_planned" in each.applied:
                plans["refunded"] += 1
        settlements = {each.payment_ref for each in events if each.TYPE == "payment.received" and each.plan_id}
        plans["settled"] += len(settlements)
        plans["returned"] += sum(each.TYPE == "payment.reversed" and each.payment_ref in settlements for each in events)
        plans["still going on"] += len(account.ledger.plans)
        assert account.standing not in {"overdue", "charged_off"}
    assert plans.keys() == {
        "3 months", "6 months", "12 months", "third instalment", "refunded", "settled", "returned", "still going on",
    }  # fmt: skip
    assert all(plans.values())


def test_what_was_charged_and_bought_after_a_death_is_taken_back(portfolio):
    taken_back = Counter()
    for account, events in of(portfolio, "dies"):
        recorded_at = next((n for n, each in enumerate(events) if each.TYPE == "death.recorded"), None)
        if recorded_at is None:  # nobody has told the bank
            continue
        died_on = account.death.on
        assert events[recorded_at].business_date > died_on
        taken_back["purchases"] += len(account.death.dropped)
        corrected = events[recorded_at + 1]
        taken_back["interest"] -= corrected.interest_delta_fen
        taken_back["fees"] -= corrected.late_fee_delta_fen
        assert not {"late_fee.posted", "plan_fee.posted"} & {each.TYPE for each in events[recorded_at:]}
        held = {each.hold_id for each in events if each.TYPE == "hold.placed" and each.business_date < died_on}
        for each in events:
            if each.TYPE == "purchase.posted" and each.business_date > died_on and each.hold_id in held:
                taken_back["not what was held before"] += 1
                assert each.purchase_id not in dict(account.death.dropped)
    assert all(taken_back[what] > 0 for what in ("purchases", "interest", "fees", "not what was held before"))


def test_the_estate_pays_and_the_account_is_closed_or_the_debt_is_a_loss_or_waits(portfolio):
    dead = [account for account, _ in of(portfolio, "dies") if account.death]
    stand = {(account.access, account.standing == "charged_off") for account in dead}
    # An estate that paid may still wait for a hold to end.
    assert stand - {("closing", False)} == {("closed", False), ("frozen", True), ("frozen", False)}


def test_who_is_reinstated_goes_on_buying_under_the_limit_that_was_decided(portfolio):
    closed = 0
    for account, events in of(portfolio, "appeals_a_closure"):
        types = [each.TYPE for each in events]
        if "account.reinstated" in types:
            at = types.index("account.reinstated")
            assert (events[at].access, account.access) == ("frozen", "open")
            assert {"purchase.posted", "account.billed"} <= set(types[at:])
        else:
            closed += account.access == "closed"
    assert closed


def test_disputes_are_upheld_rejected_and_refunded_and_some_wait_at_the_end(portfolio):
    _, memory = portfolio
    disputes = [each for account in memory.accounts.values() for each in account.disputes.values()]
    assert {each.outcome for each in disputes} == {"upheld", "rejected", "refunded", None}


def test_what_was_paid_already_is_disputed_too_and_so_is_a_part(portfolio):
    _, memory = portfolio
    opened = [each for events in memory.events.values() for each in events if each.TYPE == "dispute.opened"]
    assert {sum(each.set_aside.values()) < each.amount_fen for each in opened} == {True, False}
    assert {bucket for each in opened for bucket in each.set_aside} == {"principal_billed", "principal_unbilled"}


def test_a_dispute_is_decided_after_a_charge_off(portfolio):
    _, memory = portfolio
    assert any(
        "dispute.resolved" in types[types.index("account.charged_off") :]
        for events in memory.events.values()
        if "account.charged_off" in (types := [each.TYPE for each in events])
    )


def test_the_storyteller_has_much_to_tell(portfolio):
    script, memory = portfolio
    story = {each.TYPE for each in memory.events[script.storyteller()]}
    assert len(story) >= 8
    assert "account.closed" in story


@pytest.mark.parametrize(
    ("kind", "reaches"),
    [
        ("pays_in_full", {"account.paid", "limit.changed"}),
        ("revolves", {"account.billed", "payment.received"}),
        ("pays_late", {"account.overdue", "account.cured", "debt.waived goodwill", "refused overdue"}),
        ("pays_twice", {"credit.refunded", "account.paid"}),
        ("returns_goods", {"purchase.refunded", "credit.refunded"}),
        ("reaches_the_limit", {"refused over_limit"}),
        ("disappears", {"account.overdue", "account.frozen overdue_long", "account.unfrozen", "refused account_frozen"}),
        (
            "misuses",
            {
                "account.frozen abnormal_transaction", "account.unfrozen", "account.closed forced",
                "account.charged_off fraud", "refused account_frozen",
            },
        ),
        ("pays_by_slow_transfer", {"balances.corrected", "late_fee.posted", "account.cured", "account.paid"}),
        ("debits_bounce", {"payment.reversed", "balances.corrected", "account.standing_changed", "account.paid"}),
        ("pays_round_sums", {"interest.posted", "account.billed"}),
        (
            "leaves",
            {
                "account.closure_requested", "account.closure_withdrawn", "account.closed voluntary",
                "refused account_closing",
            },
        ),
        ("loses_the_phone", {"account.frozen customer_request", "account.unfrozen", "refused account_frozen"}),
        ("hardly_buys", {"account.activated"}),
        ("is_turned_away", {"account.closed declined"}),
        (
            "disputes_purchases",
            {"dispute.opened", "dispute.resolved upheld", "dispute.resolved rejected", "balances.corrected",
             "purchase.refunded", "late_fee.posted", "account.paid"},
        ),
        (
            "travels",
            {"hold.placed", "hold.released cancelled", "hold.released expired", "hold.released final_capture",
             "risk.alerted forced_capture", "refused capture_exceeds_hold", "refused hold_ended"},
        ),
        (
            "pays_in_instalments",
            {"plan.created conversion", "plan_fee.posted", "instalment.posted", "plan.settled_early", "payment.reversed",
             "balances.corrected", "account.standing_changed", "purchase.refunded"},
        ),
        (
            "appeals_a_freeze",
            {"account.frozen abnormal_transaction", "appeal.lodged", "appeal.decided upheld", "appeal.decided rejected",
             "appeal.decided upheld_lower_limit", "limit.changed appeal", "risk.alerted appeal_answered_late",
             "account.unfrozen abnormal_transaction"},
        ),
        (
            "appeals_a_closure",
            {"account.closed forced", "hold.released account_closed", "risk.alerted forced_capture", "appeal.decided upheld",
             "appeal.decided upheld_lower_limit", "appeal.decided rejected", "account.reinstated"},
        ),
        (
            "dies",
            {"death.recorded", "account.frozen deceased", "balances.corrected", "account.closed voluntary",
             "account.charged_off death", "account.cured", "refused account_frozen"},
        ),
        (
            "stops_for_good",
            {"account.charged_off days_past_due", "account.frozen charged_off", "dispute.resolved upheld",
             "dispute.resolved rejected"},
        ),
        (
            "keeps_an_agreement",
            {"account.frozen restructured", "account.unfrozen restructured", "instalment.posted", "account.paid"},
        ),
        (
            "breaks_an_agreement",
            {"account.frozen restructured", "plan.broken", "account.frozen overdue_long", "account.overdue"},
        ),
        ("repays_in_time", {"cash.drawn", "account.billed", "account.paid"}),
        ("repays_two_loans", {"cash.drawn", "account.billed", "account.paid"}),
        (
            "repays_late",
            {"account.overdue", "account.cured", "interest.posted penalty", "refused overdue"},
        ),
        (
            "prepays",
            {"plan.prepaid", "plan_fee.posted settlement", "payment.reversed", "balances.corrected", "account.paid"},
        ),
        (
            "settles_early",
            {"plan.settled_early", "plan_fee.posted settlement", "payment.reversed", "account.closed voluntary"},
        ),
        (
            "stops_repaying",
            {"account.charged_off days_past_due", "account.frozen charged_off", "payment.received",
             "interest.posted penalty"},
        ),
        (
            "agrees_on_a_loan",
            {"plan.created restructuring", "account.unfrozen restructured", "plan.broken",
             "account.charged_off days_past_due"},
        ),
        ("loan_debits_bounce", {"payment.reversed", "balances.corrected", "account.standing_changed", "account.paid"}),
        (
            "pays_what_was_lost",
            {"account.charged_off days_past_due", "account.recovered", "account.closed recovered", "payment.reversed",
             "balances.corrected", "debt.waived agreement"},
        ),
    ],
)  # fmt: skip
def test_each_kind_of_people_comes_to_what_it_is_meant_to(of_kind, kind, reaches):
    assert reaches <= of_kind[kind].keys()


@pytest.mark.parametrize(
    "kind",
    [
        "pays_in_full",
        "revolves",
        "pays_twice",
        "pays_round_sums",
        "loses_the_phone",
        "hardly_buys",
        "travels",
        "pays_in_instalments",
        "appeals_a_freeze",
        "appeals_a_closure",
        "repays_in_time",
        "repays_two_loans",
        "prepays",
        "settles_early",
    ],
)
def test_who_pays_in_time_is_never_overdue(of_kind, kind):
    assert "account.overdue" not in of_kind[kind]


def test_the_limit_is_exceeded_only_by_force(portfolio):
    _, memory = portfolio
    forced = [
        each
        for events in memory.events.values()
        for before, each in pairwise(events)
        if each.TYPE == "purchase.posted" and each.forced
    ]
    assert forced


def test_a_payment_that_arrives_twice_counts_once(portfolio):
    _, memory = portfolio
    assert memory.repeats > 0
    for events in memory.events.values():
        references = [each.payment_ref for each in events if each.TYPE == "payment.received"]
        assert len(references) == len(set(references))


def test_a_debt_that_was_closed_by_force_is_paid_down_or_not(portfolio):
    script, memory = portfolio
    closed = [
        memory.accounts[account_id]
        for account_id, kind in script.kinds().items()
        if kind == "misuses" and memory.accounts[account_id].close_kind == "forced"
    ]
    assert {account.standing for account in closed} >= {"overdue", "billed"}


def test_a_balance_that_is_not_the_ledgers_would_be_noticed():
    script, memory = lived(10, 7)
    key = max(script.expected_statements())
    said = script._lives[key[0]].book.said
    said[key[1]] = said[key[1]]._replace(balance=said[key[1]].balance + 1)
    assert [each[:2] for each in memory.differences(script)] == [key]
