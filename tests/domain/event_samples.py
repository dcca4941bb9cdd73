"""One event of every type, told by one life; frozen as bytes in `samples/` beside this file."""

from datetime import date
from pathlib import Path
from unittest.mock import patch

from domain import events
from domain.events import AnyEvent, Event
from tests import people
from tests.specification import (
    BASE,
    DRAWN,
    activated,
    advanced,
    appeal_decided,
    appealed,
    authorized,
    autopay_set,
    bill_day_changed,
    bought,
    captured,
    closure_requested,
    closure_withdrawn,
    converted,
    death_recorded,
    disputed,
    force_closed,
    frozen,
    given,
    limit_changed,
    migrate,
    notice_inactivity,
    opened,
    paid,
    paid_out,
    pay,
    prepaid,
    refunded,
    reinstated,
    report_corrected,
    report_disputed,
    resolved,
    restructured,
    reverse,
    settled,
    terms,
    terms_changed,
    unfrozen,
)
from tests.specification import undo_write_off as write_off_undone
from tests.specification import write_off as written_off

FOLDER = Path(__file__).parent / "samples"


def file_of(kind: type[AnyEvent]) -> Path:
    """Where the frozen bytes of an event type in a version are kept."""
    return FOLDER / f"{kind.TYPE}.v{kind.VERSION}.json"


def one_of_each() -> dict[str, Event]:
    """The first event of each type of a life in which everything happens."""
    life = given(
        opened(funding_ref="fund-1"),
        activated(limit=300_000),
        limit_changed(to=400_000),
        bought("base", 123_457, on="2026-01-10"),
        bought("small", 1_620, on="2026-01-10"),
        advanced(to="2026-03-12"),
        refunded("base", 1_000, ref="r1"),
        paid(10_000),
        frozen("customer_request", reference="case-7"),
        paid(130_000, on="2026-03-15", ref="all"),
        reverse("all", on="2026-03-16"),
        paid(130_000, on="2026-03-17", ref="again"),
        unfrozen("customer_request", reference="case-8"),
        paid_out(100),
        closure_requested(),
        closure_withdrawn(),
        advanced(to="2026-04-01"),
        force_closed("abuse"),
    )
    capped = given(
        opened(),
        activated(),
        bought("p1", 30_000, on="2026-01-10"),
        paid(31_000, on="2026-02-11"),
        bought("p2", 300),
        advanced(to="2026-03-01"),
    )
    lost = given(
        opened(),
        activated(),
        bought("p1", 123_457, on="2026-01-10"),
        written_off("fraud", on="2026-03-20"),
        write_off_undone(on="2026-03-21"),
        written_off("insolvency", on="2026-03-22"),
        paid(200_000, on="2026-04-01"),
    )
    denied = given(
        opened(),
        activated(),
        bought("p1", 123_457, on="2026-01-10"),
        disputed("p1", 100_000, on="2026-02-05"),
        paid(30_000, on="2026-02-06"),
        resolved("rejected", on="2026-02-07"),
    )
    newer = given(opened(), activated(), bought("p1", 123_457, on="2026-01-10"))
    with patch.object(events, "RULES", 2):
        newer.when(pay(1_000, on="2026-01-12", value_date=date(2026, 1, 11)))
    agreed = given(
        opened(),
        activated(),
        autopay_set("minimum"),
        terms_changed(terms("agreed-2"), "2026-02-20"),
        bill_day_changed(15, "2026-02-12"),
    )
    held = given(
        opened(),
        activated(),
        authorized("hotel", 80_000),
        captured("hotel", 30_000, final=True),
        bought("after", 5_000, on="2026-01-20", forced=True),
        force_closed(on="2026-01-21"),
        bought("forced", 1_000, forced=True),
        appealed("closure", evidence_ref="letter-1"),
        appeal_decided("upheld_lower_limit", limit_fen=100_000),
        reinstated(90_000),
        death_recorded("2026-01-15", on="2026-01-22"),
    )
    idle = given(opened(), activated(), notice_inactivity("freeze", on="2026-12-10"))
    planned = given(
        opened(),
        activated(),
        bought("p1", 123_457, on="2026-01-10"),
        converted(100_000, 3, on="2026-02-03"),
        paid(57_000, on="2026-02-10"),
        settled(67_070, on="2026-03-16"),
    )
    told = given(opened(), activated(), report_disputed("2026-01"), report_corrected(of_2026_01="*>N"))
    taken_over = given(opened(on="2026-03-05"), migrate(history="N*"))
    lent = given(*DRAWN, prepaid(100_000, 101_400, on="2026-01-25"))
    broken = given(*BASE, advanced(to="2026-03-05"), restructured(12), advanced(to="2026-04-11"))
    found: dict[str, Event] = {}
    lives = (life, capped, lost, denied, newer, agreed, held, idle, planned, told, taken_over, lent, broken)
    for each in (event for one in lives for event in one.events):
        found.setdefault(each.TYPE, each)
    return found


def one_of_each_of_customers() -> dict[str, AnyEvent]:
    """The same of a person to whom everything happens that there is an event of."""
    life = people.given(
        *people.KNOWN,
        people.report_lender("bank-9", 19_500_000),
        people.apply_for_line(1, score=812_345),
        people.apply_for_line(2),
        people.on(1, limit_changed(to=400_000)),
        people.acknowledge("notice-1"),
        people.prefer("marketing", None),
        people.withdraw_consent("loan_agreement"),
    )
    found: dict[str, AnyEvent] = {}
    for each in life.events:
        found.setdefault(each.TYPE, each)
    return found
