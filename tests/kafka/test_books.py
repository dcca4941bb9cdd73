"""The books are kept from a real topic: complete after every restart, and equal to the balance view kept beside them."""

from datetime import date

from consumers import runner
from consumers.balance import BALANCE as BALANCE_GROUP
from consumers.books import BOOKS as BOOKS_GROUP
from infra.store.roles import role_url
from infra.views import query
from infra.views.books import books_of
from infra.views.store import ViewStore
from infra.views.tables import BALANCE, BOOKS
from tests.kafka.conftest import running, until
from tests.projections.stories import wandering

LAST = date(2027, 12, 31)


def life(seed):
    """The first half of a life's first year: a broker takes no records from days to come."""
    return [each for each in wandering(seed, 20).recorded if each.event.business_date <= date(2026, 6, 30)]


def consuming(site, store):
    group = {"balance": BALANCE_GROUP, "books": BOOKS_GROUP}[store.layout.name]
    return running(lambda stop: runner.run(group, store, site.bootstrap, stop, site.prefix))


def test_books_and_balances_that_were_kept_from_one_topic_are_equal(site):
    lives = [life(seed) for seed in range(20)]
    site.append([recorded for events in lives for recorded in events[:9]])
    site.relay_all()
    views_url, reader_url = (role_url(site.owner_url, f"credit_{role}") for role in ("views", "reader"))

    def all_applied():
        applied = query.events_applied(reader_url)
        return applied["books"] == applied["balance"] == site.store.head()

    with ViewStore(views_url, BALANCE) as balances, consuming(site, balances):
        with ViewStore(views_url, BOOKS) as books, consuming(site, books):
            until(all_applied)
        site.append([recorded for events in lives for recorded in events[9:]])
        site.relay_all()
        # The reader of the books that begins now goes on where the first one was, though other days have begun since.
        with ViewStore(views_url, BOOKS) as books, consuming(site, books):
            until(all_applied)
            # What is published twice is passed over.
            site.publish(lives[0])
            site.append(life(99))
            site.relay_all()
            until(all_applied)
    found = books_of(reader_url, LAST)
    assert (found.good, found.accounts, found.compared) == (True, 21, 21)
    (trial,) = found.trial_balances
    assert trial.debit_fen == trial.credit_fen > 0
    totals = query.totals(reader_url)
    receivables = sum(line.debit_fen - line.credit_fen for line in trial.lines[:10])
    assert receivables == totals.owed_fen
    assert next(line.credit_fen for line in trial.lines if line.account == "customer_credit") == totals.credit_fen
