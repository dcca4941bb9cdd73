"""What a correction or a takeover says: the book begins anew with it, since it knows of days that no other event tells."""

from collections.abc import Iterable

from domain.events import AccountMigrated, CarriedForward, MinimumLeft, RatedDays, Restated
from domain.money import BUCKETS
from projections.explaining.book import Book
from projections.explaining.pieces import AtRate, Demand, Lost, Purchase
from projections.explaining.plans import Plan
from projections.explaining.steps import Told


def adopt(book: Book, event: Restated, told: Told) -> None:
    """Go on with what a correction says."""
    for bucket, delta in event.deltas.items():
        book.put(bucket, delta, told)
    _go_on_with(book, event, told)
    if book.new_charges or event.interest_delta_fen or event.late_fee_delta_fen or event.waived_delta_fen:
        book.new_charges.append(told)


def take_over(book: Book, event: AccountMigrated, told: Told) -> None:
    """Begin with what the account was elsewhere."""
    book.migrated, book.limit, book.limit_told = told, event.limit_fen, told
    for bucket in BUCKETS:
        book.put(bucket, getattr(event.balances, bucket), told)
    _go_on_with(book, event, told)
    if book.amounts["interest_unbilled"] or book.amounts["fees_unbilled"]:
        book.new_charges.append(told)


def _go_on_with(book: Book, event: CarriedForward, told: Told) -> None:
    lost, due = book.lost, event.charged_off_due
    before = tuple(_demands(event.minima_charged_off, told))
    book.untested = [] if event.untested_due is None else [event.untested_due, *event.untested_later]
    book.lost = Lost(due, lost.told if lost else told, before) if due is not None else None
    known = {name: each.told for name, each in book.purchases.items()}
    book.purchases = {}
    for each in event.purchases_left:
        bears = book.lost is None and each.due_date not in {None, *book.untested}
        left = Purchase(known.get(each.purchase_id, told), 0, each.due_date, bears, each.instalment, each.fen_days)
        left.earlier = at_rates(each.earlier_days, told)
        left.move(each.counted_to, each.unpaid_fen, left.told)
        book.purchases[each.purchase_id] = left
    made = {name: each.told for name, each in book.plans.items()}
    book.plans = {each.plan_id: Plan.left_over(made.get(each.plan_id, told), each, told) for each in event.plans_left}
    book.demands = _demands(event.minima_left, told)
    counters, today = event.counters, event.business_date
    principal = sum(fen for bucket, fen in book.amounts.items() if bucket.startswith("principal"))
    book.bearing.restart(today, counters.fen_days, counters.bearing_fen, told)
    book.earlier = at_rates(counters.earlier_days, told)
    book.principal.restart(today, counters.principal_fen_days, principal, told)
    book.interest_posted = counters.interest_posted_fen
    book.charged = counters.charges_posted_fen - counters.settlement_fees_posted_fen
    book.waived = counters.waived_fen
    book.charges, book.postings, book.waivers = [told], [told], [told]


def at_rates(days: Iterable[RatedDays], told: Told) -> list[AtRate]:
    """Fen-days at rates that were in force before, as an event says them."""
    return [AtRate(each.daily_rate, each.fen_days, told) for each in days]


def _demands(minima: Iterable[MinimumLeft], told: Told) -> list[Demand]:
    return [Demand(each.statement_no, each.due_date, each.amount_fen, each.principal_fen, told) for each in minima]
