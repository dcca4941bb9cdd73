"""Every state that a few steps lead to, each held against the rulebook's invariants; and both tables in all of them."""

import os
from functools import cache

import pytest

from domain.derivation import Derivation
from domain.lifecycle import (
    ACCESS_MACHINE,
    ACCESS_TABLE,
    NEVER,
    NOTHING,
    STANDING_MACHINE,
    STANDING_TABLE,
    Refuse,
    headline,
)
from domain.refusals import Refused
from domain.snapshot import dump, load
from tests.domain.reachable import AGREED, AGREED_LOAN, ALPHABET, Node, application, explore, replayed, say

# `make reach DEPTH=6` goes further than there is time for every day.
DEPTH = int(os.environ.get("DEPTH") or 5)
BILLED = ("fees_billed", "interest_billed", "principal_billed")
UNBILLED = ("fees_unbilled", "interest_unbilled", "principal_unbilled")


def _led(*words: str) -> Node:
    node = application(agreed=AGREED_LOAN if "draw" in words else AGREED)
    for word in words:
        while (became := say(node, word.removeprefix("until lost: "))) is not None:
            assert isinstance(became, Node), (word, became)
            node = became
            if not word.startswith("until lost: ") or node.account.standing == "charged_off":
                break
    return node


# Where an exploration begins: at the application, and where it would take too many steps to come from there.
ROOTS = {
    "an application": (),
    "a statement": ("activate", "buy", "hold", "wait", "wait"),
    "a missed minimum": ("activate", "buy", "wait", "wait"),
    "a plan": ("activate", "buy", "wait", "convert"),
    "a loss": ("activate", "buy", "until lost: wait"),
    "long unused": ("activate", "wait"),
    "an agreement": ("activate", "buy", "wait", "wait", "agree"),
    "a broken agreement": ("activate", "buy", "wait", "wait", "agree", "wait", "wait"),
    "a loan": ("activate", "draw"),
    "a missed instalment": ("activate", "draw", "wait", "wait"),
}


@cache
def explored(root: str):
    depth = DEPTH if root == "an application" else DEPTH - 2
    return explore(depth, root=_led(*ROOTS[root]))


@pytest.mark.parametrize("root", ROOTS)
def test_every_state_that_is_reached_keeps_every_invariant(root, record_property, capsys):
    found = explored(root)
    for node in found.nodes:
        _holds(node)
    record_property("explored", str(found))
    with capsys.disabled():
        print(f"\nfrom {root}: {found}")  # noqa: T201 - the counts are to be seen
    assert len(found.nodes) > len(ALPHABET)


def _holds(node: Node) -> None:
    account, ledger = node.account, node.account.ledger
    why = " -> ".join(node.said)
    buckets = ledger.buckets
    # 1, 3: buckets and credit
    assert min(buckets.values()) >= 0, why
    assert ledger.owed == sum(fen for name, fen in buckets.items() if name != "credit"), why
    assert not ledger.credit or not any(buckets[name] for name in (*BILLED, *UNBILLED)), why
    # 2, 1: what the last money event says
    said = [each for each in node.events if hasattr(each, "owed_after")]
    if said:
        assert said[-1].owed_after.model_dump() == buckets, why
    # 4: replay, and a snapshot
    assert dump(replayed(node)) == dump(account), why
    assert load(dump(account)) == account, why
    # 5, 6: what is charged follows from the facts
    derived = Derivation(account.base, account.facts, account.issued).through(account.business_date)
    assert derived == ledger, why
    # 12: instalments to come are what is planned
    left = [each for plan in ledger.plans.values() for each in plan.instalments]
    assert buckets["principal_planned"] == sum(each.principal_fen for each in left), why
    assert buckets["interest_planned"] == sum(each.carried_interest_fen for each in left), why
    assert buckets["fees_planned"] == sum(each.carried_fees_fen for each in left), why
    # 8, 9: minima, days past due, standing
    assert all(each.amount > 0 for each in ledger.layers), why
    assert sum(each.amount for each in ledger.layers) <= ledger.billed, why
    if account.standing != "charged_off":
        missed = list(ledger.missed())
        assert (ledger.dpd > 0) == bool(missed) == (account.standing == "overdue"), why
    # 10: one late fee a statement, within what was missed
    fees = [each for each in node.events if each.TYPE == "late_fee.posted"]
    assert len({each.statement_no for each in fees}) == len(fees), why
    assert all(each.amount_fen <= each.base_fen for each in fees), why
    # 11: the cap after every bill day and charge-off
    if node.events[-1].TYPE in ("account.billed", "account.charged_off"):
        assert ledger.over_cap == 0, why
    # 13: the words moved as declared
    for before, after in zip(node.events, node.events[1:], strict=False):
        for word, machine in (("access", ACCESS_MACHINE), ("standing", STANDING_MACHINE)):
            move = (getattr(before, word), getattr(after, word))
            declared = {(each.source, each.dest) for each in machine.get_transitions()}
            assert move[0] == move[1] or move in declared, why
        assert after.status == headline(after.access, after.standing), why
    # 14: frozen exactly when there is a reason
    if account.access in ("open", "frozen"):
        assert (account.access == "frozen") == bool(account.reasons), why
    # 15: a loss stands as it was booked
    if account.standing == "charged_off":
        booked = next(each for each in reversed(node.events) if each.TYPE == "account.charged_off")
        assert account.original_charge_off == booked.amounts, why
    # 16: the day that is named is the day on which something happens
    assert account.next_event_on() is None or account.next_event_on() > account.business_date, why
    # 17: holds
    assert account.held == sum(each.left for each in account.holds.values()), why
    assert account.available == account.limit - ledger.owed - account.held + ledger.credit, why
    # closed for good
    if account.access == "closed":
        assert (account.limit, account.held) == (0, 0), why
        assert account.close_kind in ("forced", "voluntary", "declined", "recovered", "inactive"), why


def test_an_invariant_that_does_not_hold_is_found():
    node = _led("activate", "buy", "wait", "wait")
    spoilt = node.account.fork()
    spoilt.ledger.buckets["fees_unbilled"] += 1
    with pytest.raises(AssertionError):
        _holds(Node(spoilt, node.events, node.said))


@cache
def representatives():
    """Of every pair of access and standing that any exploration reached, an account."""
    found = {}
    for root in ROOTS:
        for words, node in explored(root).words().items():
            found.setdefault(words, node)
    return found


# Every pair that the rulebook allows: an application owes nothing; every other access goes with every standing, but
# that nothing billed, paid or lost is left of an account that was never activated.
PAIRS = {("pending", "clear")} | {
    (access, standing)
    for access in ("open", "frozen", "closing", "closed")
    for standing in ("clear", "billed", "paid", "overdue", "charged_off")
}
# A charge-off freezes what was open.
PAIRS -= {("open", "charged_off")}

# The trigger that a word fires, by the account it is said to.
ACCESS_OF = {
    "activate": lambda _: "activate",
    "decline": lambda _: "decline",
    "freeze": lambda a: "freeze_again" if "fraud_confirmed" in a.reasons else "freeze",
    "order": lambda a: "freeze_again" if "legal_order" in a.reasons else "freeze",
    "lift": lambda a: _lifting(a, "fraud_confirmed"),
    "lift the order": lambda a: _lifting(a, "legal_order"),
    "leave": lambda a: "request_closure_blocked" if a.obstacles() else "request_closure",
    "stay": lambda a: "withdraw_closure_frozen" if a.reasons else "withdraw_closure",
    "close by force": lambda _: "force_close",
}
STANDING_OF = {
    "agree": lambda _: "restructure",
    "write off": lambda _: "write_off",
    "undo": lambda account: _undoing(account),  # noqa: PLW0108 - it stands below
}
# Refusals that come before the table, or from conditions beside it: the table never says them.
BESIDE = {
    ("leave", "legal_order"),
    ("write off", "nothing_owed"),
    ("agree", "not_activated"),
    ("agree", "restructured"),
    ("agree", "months_not_offered"),
    ("close by force", "no_such_move"),
    ("activate", "no_such_move"),
    ("decline", "no_such_move"),
}


def _lifting(account, reason):
    if reason not in account.reasons:
        return "lift_absent"
    return "lift" if len(account.reasons) > 1 else "lift_last"


def _undoing(account):
    if account.standing != "charged_off":
        return "undo_write_off"
    after = account.ledger.fork()
    after.undo_charge_off()
    overdue = next(after.missed(), None) is not None
    return "undo_write_off_overdue" if overdue else "undo_write_off_billed" if after.billed else "undo_write_off"


def test_the_pairs_that_can_be_reached_are_reached():
    assert representatives().keys() == PAIRS


@pytest.mark.parametrize("pair", sorted(PAIRS), ids="-".join)
@pytest.mark.parametrize("word", [*ACCESS_OF, *STANDING_OF])
def test_a_move_depends_on_its_own_state_alone(word, pair):
    """In every pair that can be reached, a word does what its own table says, whatever the other state is."""
    node = representatives()[pair]
    access = word in ACCESS_OF
    trigger = (ACCESS_OF if access else STANDING_OF)[word](node.account)
    machine, table, state = (
        (ACCESS_MACHINE, ACCESS_TABLE, pair[0]) if access else (STANDING_MACHINE, STANDING_TABLE, pair[1])
    )
    (row,) = [each for each in table if each.trigger == trigger]
    outcome = dict(zip(machine.states, row.outcomes, strict=True))[state]
    became = say(node, word)
    if isinstance(became, Refused):
        assert (isinstance(outcome, Refuse) and outcome.reason == became.reason) or (word, became.reason) in BESIDE
    elif became is None:
        assert outcome == NOTHING
    else:
        assert outcome not in (NOTHING, NEVER)
        # What follows of itself (a closure when nothing is in the way, a freeze after a loss) has events of its own.
        moved = next(each for each in became.events[len(node.events) :] if each.TYPE != "hold.released")
        first = (
            moved.access
            if access
            else next(
                (each.standing for each in became.events[len(node.events) :] if each.standing != pair[1]), outcome
            )
        )
        assert first == outcome


def test_the_terms_that_are_explored_are_quick():
    assert AGREED.charge_off_dpd == 28
