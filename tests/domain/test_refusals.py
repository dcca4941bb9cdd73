"""Every command in every access, and every reason: what it says is one of the declared words, with its numbers."""

import ast
from itertools import product
from pathlib import Path

import pytest

import domain
from domain.commands import COMMANDS, Actor
from domain.events import Access
from domain.refusals import REASONS, REMEDIES, Refused
from tests.specification import (
    BASE,
    activate,
    advance,
    appeal,
    authorize,
    authorized,
    bought,
    buy,
    capture,
    change_bill_day,
    change_limit,
    change_terms,
    closure_requested,
    convert,
    correct,
    decide_appeal,
    decline,
    dispute,
    draw,
    force_close,
    force_closed,
    freeze,
    frozen,
    given,
    migrate,
    notice_inactivity,
    open_line,
    opened,
    paid,
    pay,
    pay_out,
    prepay,
    record_death,
    refund,
    reinstate,
    release,
    report_corrected,
    report_disputed,
    request_closure,
    resolve,
    restructure,
    reverse,
    set_autopay,
    settle,
    terms,
    undo_write_off,
    unfreeze,
    waive,
    withdraw_closure,
    write_off,
)

# An account that owes 100,000 in each access it can have; `closed` by force, so that debt is left.
OWING = (*BASE, paid(23_457), authorized("hotel", 1_000))
HISTORIES = {
    "pending": (opened(),),
    "open": OWING,
    "frozen": (*OWING, frozen("customer_request")),
    "closing": (*OWING, closure_requested()),
    "closed": (*OWING, force_closed()),
}
ASKED = {
    "open": open_line(),
    "decline": decline(),
    "activate": activate(limit=60_000),
    "change_limit": change_limit(to=60_000),
    "purchase": buy("p2", 1_000),
    "forced_purchase": buy("p2", 1_000, forced=True),
    "refund_purchase": refund("base", 1_000),
    "receive_payment": pay(1_000, ref="another"),
    "refund_credit": pay_out(1),
    "reverse_payment": reverse(),
    "change_terms": change_terms(terms("agreed-2"), "2026-03-02"),
    "change_bill_day": change_bill_day(15, "2026-03-02"),
    "set_autopay": set_autopay("minimum"),
    "waive_debt": waive(principal=1_000),
    "correct_balances": correct(principal_unbilled=-1_000),
    "open_dispute": dispute("base", 1_000),
    "resolve_dispute": resolve("rejected"),
    "write_off": write_off(),
    "undo_write_off": undo_write_off(),
    "authorize": authorize("h2", 1_000),
    "capture": capture("hotel", 1_000, ref="p3"),
    "release_hold": release("hotel"),
    "record_death": record_death("2026-01-10"),
    "lodge_appeal": appeal("closure"),
    "decide_appeal": decide_appeal("rejected"),
    "reinstate": reinstate(60_000),
    "notice_inactivity": notice_inactivity("freeze"),
    "migrate": migrate(),
    "dispute_report": report_disputed("2026-01"),
    "correct_report": report_corrected(of_2026_01="*>N"),
    "freeze": freeze("multi_lender"),
    "unfreeze": unfreeze("customer_request"),
    "request_closure": request_closure(),
    "withdraw_closure": withdraw_closure(),
    "force_close": force_close(),
    "convert_to_plan": convert(60_000, 3),
    "settle_early": settle(60_000),
    "draw": draw(60_000, 3),
    "restructure": restructure(3),
    "prepay_plan": prepay(1_000, 1_000),
    "advance_to": advance(to="2026-01-20"),
}
# The event, or after a dash the reason, or `none`.
OUTCOMES = """
command          pending            open                       frozen                     closing                    closed
open             -already_opened    -already_opened            -already_opened            -already_opened            -already_opened
decline          account.closed     -no_such_move              -no_such_move              -no_such_move              -no_such_move
activate         account.activated  -no_such_move              -no_such_move              -no_such_move              -no_such_move
change_limit     -not_activated     limit.changed              limit.changed              -account_closing           -account_closed
purchase         -not_activated     purchase.posted            -account_frozen            -account_closing           -account_closed
forced_purchase  -not_activated     purchase.posted            purchase.posted,risk.alerted purchase.posted,risk.alerted purchase.posted,risk.alerted
refund_purchase  -purchase_unknown  purchase.refunded          purchase.refunded          purchase.refunded          purchase.refunded
receive_payment  -not_activated     payment.received           payment.received           payment.received           payment.received
reverse_payment  -payment_unknown   payment.reversed,balances.corrected payment.reversed,balances.corrected payment.reversed,balances.corrected payment.reversed,balances.corrected
change_terms     -not_activated     terms.changed              terms.changed              terms.changed              terms.changed
change_bill_day  -not_activated     bill_day.changed           bill_day.changed           bill_day.changed           bill_day.changed
set_autopay      -not_activated     autopay.set                autopay.set                autopay.set                autopay.set
waive_debt       -waiver_exceeds_debt debt.waived              debt.waived                debt.waived                debt.waived
correct_balances -not_activated     balances.corrected         balances.corrected         balances.corrected         balances.corrected
open_dispute     -purchase_unknown  dispute.opened             dispute.opened             dispute.opened             dispute.opened
resolve_dispute  -dispute_unknown   -dispute_unknown           -dispute_unknown           -dispute_unknown           -dispute_unknown
write_off        -nothing_owed      account.charged_off,account.frozen account.charged_off,account.frozen account.charged_off,account.frozen account.charged_off
undo_write_off   -not_charged_off   -not_charged_off -not_charged_off -not_charged_off -not_charged_off
refund_credit    -not_activated     -credit_exceeded           -credit_exceeded           -credit_exceeded           -credit_exceeded
authorize        -not_activated     hold.placed                -account_frozen            -account_closing           -account_closed
capture          -hold_unknown      purchase.posted            purchase.posted            purchase.posted            -account_closed
release_hold     -hold_unknown      hold.released              hold.released              hold.released              none
record_death     -not_activated     death.recorded,account.frozen death.recorded,account.frozen death.recorded,account.frozen death.recorded,account.frozen
lodge_appeal     -not_activated     -nothing_to_appeal         -nothing_to_appeal         -nothing_to_appeal         appeal.lodged
decide_appeal    -appeal_unknown    -appeal_unknown            -appeal_unknown            -appeal_unknown            -appeal_unknown
reinstate        -no_such_move      -no_such_move              -no_such_move              -no_such_move              -appeal_unknown
notice_inactivity -not_activated    -notice_too_early          -notice_too_early          -notice_too_early          -nothing_to_notice
migrate          account.migrated   -no_such_move              -no_such_move              -no_such_move              -no_such_move
dispute_report   -not_activated     report.disputed            report.disputed            report.disputed            report.disputed
correct_report   -report_dispute_unknown -report_dispute_unknown -report_dispute_unknown -report_dispute_unknown -report_dispute_unknown
freeze           -not_activated     account.frozen             account.frozen             account.frozen             account.frozen
unfreeze         -not_activated     -not_frozen                account.unfrozen           -not_frozen                -not_frozen
request_closure  -not_activated     account.closure_requested  account.closure_requested  none                       none
withdraw_closure -no_such_move      -no_such_move              -no_such_move              account.closure_withdrawn  -account_closed
force_close      -no_such_move      hold.released,account.closed hold.released,account.closed hold.released,account.closed none
convert_to_plan  -not_activated     -nothing_billed            -account_frozen            -account_closing           -account_closed
settle_early     -not_activated     -plan_unknown              -plan_unknown              -plan_unknown              -plan_unknown
restructure      -not_activated     -nothing_billed            -nothing_billed            -nothing_billed            -nothing_billed
draw             -not_offered       -not_offered               -not_offered               -not_offered               -not_offered
prepay_plan      -not_offered       -not_offered               -not_offered               -not_offered               -not_offered
advance_to       none               hold.released              hold.released              hold.released              none
"""


def cells():
    head, *rows = (line.split() for line in OUTCOMES.strip().splitlines())
    return {(row[0], access): cell for row in rows for access, cell in zip(head[1:], row[1:], strict=True)}


@pytest.mark.parametrize(("command", "access"), cells())
def test_every_command_in_every_access_does_what_the_table_says(command, access):
    life = given(*HISTORIES[access]).stands(access=access).when(ASKED[command])
    if life.refusal:
        assert f"-{life.refusal.reason}" == cells()[command, access]
        life.stands(access=access)
    else:
        assert ",".join(each.TYPE for each in life.events) == cells()[command, access].replace("none", "")


def test_the_table_has_every_command_and_every_access():
    assert set(ASKED) - {"forced_purchase"} == set(COMMANDS)
    assert cells().keys() == set(product(ASKED, Access.__args__))


CUSTOMER, CLERK = Actor(role="customer", id="customer-1"), Actor(role="merchant", id="clerk-1")


@pytest.mark.parametrize("asked", [waive(principal=1), correct(fees_billed=1), resolve("upheld"), write_off()])
def test_what_only_the_lender_may_do_is_refused_to_anybody_else(asked):
    allowed = list(asked.kind.BY)
    given(*OWING).when(asked._replace(fields={**asked.fields, "actor": CUSTOMER})).refused(
        "role_not_allowed", field="actor", role="customer", allowed=allowed
    )


def test_the_second_pair_of_eyes_is_the_lenders_too():
    given(*OWING).when(
        correct(fees_billed=1)._replace(fields={**correct(fees_billed=1).fields, "second_actor": CLERK})
    ).refused("role_not_allowed", field="second_actor", role="merchant", allowed=["officer"])


def test_every_reason_has_a_remedy_in_one_sentence():
    assert REMEDIES.keys() == set(REASONS)
    assert all(remedy.endswith(".") and "\n" not in remedy for remedy in REMEDIES.values())


def test_a_refusal_reads_as_its_reason_its_numbers_and_its_remedy():
    refused = Refused("over_limit", asked=5, available=4)
    assert str(refused) == "over_limit (asked=5, available=4): Ask for no more than what is available."
    assert str(Refused("legal_order")) == "legal_order: Wait until the legal order is lifted by an officer."


def test_what_was_asked_is_never_more_than_text_to_a_terminal():
    said = str(Refused("field_invalid", field="purchase_id", asked="p\x1b[31m\x00"))
    assert said == r"field_invalid (field=purchase_id, asked='p\x1b[31m\x00'): Correct the named field."


# Refused outside the domain's rules: at the store (the command id, the version that was meant).
ELSEWHERE = {"command_id_reused", "version_differs"}


def test_every_reason_is_given_somewhere_and_tested_somewhere():
    def words(folder):
        sources = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(folder).glob("*.py")]
        return {node.value for tree in sources for node in ast.walk(tree) if isinstance(node, ast.Constant)}

    expected = set(REASONS) - ELSEWHERE
    here = Path(__file__).parent
    assert expected <= words(here) | words(here.parent / "quotes")
    given_somewhere = set()
    for path in Path(domain.__file__).parent.glob("*.py"):
        if path.name != "refusals.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant):
                    given_somewhere.add(node.value)
    assert expected <= given_somewhere


def test_a_refused_command_is_still_refused_the_second_time_in_the_same_words():
    life = given(*BASE, bought("p2", 4_876_543)).when(buy("p3", 1))
    first = life.refusal
    life.refusal = None
    assert life.when(buy("p3", 1)).refusal.numbers == first.numbers
