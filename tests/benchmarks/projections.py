"""Events a second from a full topic to committed rows, each view by itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql

from consumers import envelope, runner
from consumers.audit import AUDIT
from consumers.balance import BALANCE
from consumers.books import BOOKS
from consumers.credit_report import CREDIT_REPORT
from consumers.reading import tail
from consumers.records import Raw
from consumers.runner import Group, ReadModel
from domain.recorded import Recorded
from infra.accounts import Accounts
from infra.installation import Installation
from infra.store.event_store import EventStore
from infra.views.store import ViewStore
from infra.views.tables import VIEWS, Layout, of_generation
from projections.folding import fold
from tests.benchmarks import kafka
from tests.benchmarks.background import running
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, timed
from tests.benchmarks.peer import peer_accounts, peer_views
from tests.benchmarks.relay import publish_all
from tests.benchmarks.site import database, site
from tests.benchmarks.workload import HISTORY, settle

GROUPS: dict[str, Group] = {group.view: group for group in (BALANCE, CREDIT_REPORT, AUDIT, BOOKS)}


@contextmanager
def projections(scale: Scale) -> Iterator[Sequence[Suite]]:
    """All views read the same topic, filled once by the relay; their tables are emptied before each round."""
    with site("projections") as there:
        with EventStore(there.writer_url) as store:
            settle(Accounts(store), "views", scale.events // HISTORY)
        publish_all(there, there.topic_prefix)
        raw = list(tail(there.bootstrap_servers, there.topic, from_start=True, follow=False))
        amount = len(raw)  # the store holds the events of customers too
        events = [_decoded(each) for each in raw]
        contenders = [
            Contender(
                "raw consume, nothing done with the records",
                "floor",
                partial(kafka.consume, there.bootstrap_servers, there.topic, amount),
            ),
            Contender("the library's ProjectionRunner, one small table", "peer", partial(_peer, scale.peer_events)),
            *(Contender(f"{each.name}: topic to rows", "ours", partial(_fill, there, each, amount)) for each in VIEWS),
            Contender("envelope and decode alone", "part", partial(_decode, raw)),
            *(Contender(f"{each.name}: fold alone", "part", partial(_fold, each, events)) for each in VIEWS),
        ]
        yield [Suite("projections", "events", contenders)]


def _fill(there: Installation, layout: Layout[Any], amount: int) -> Sample:
    """One view's consumer from its first assigned partition to the commit of the last event."""
    _empty(there.owner_url, layout)
    with ViewStore(there.views_url, layout) as store:
        model = _Clocked(store, amount)
        group, prefix = GROUPS[layout.name], there.topic_prefix
        with running(lambda stop: runner.run(group, model, there.bootstrap_servers, stop, prefix)) as ended:
            while not model.done.wait(0.01) and not ended.is_set():
                pass
    return Sample(amount, model.seconds)


class _Clocked:
    """A read model with a clock: it starts when a partition is given to us, so joining the group is not counted."""

    def __init__(self, model: ReadModel, amount: int) -> None:
        self._model, self._left = model, amount
        self._begun = perf_counter()
        self.seconds = 0.0
        self.done = Event()

    def position(self, topic: str, partition: int) -> int:
        try:
            return self._model.position(topic, partition)
        finally:
            self._begun = perf_counter()

    def commit(self, topic: str, partition: int, expected: int, next_offset: int, batch: Sequence[Recorded]) -> None:
        self._model.commit(topic, partition, expected, next_offset, batch)
        self._left -= len(batch)
        if not self._left and batch:
            self.seconds = perf_counter() - self._begun
            self.done.set()


def _empty(owner_url: str, layout: Layout[Any]) -> None:
    names = [layout.name] if layout.additions is None else [layout.name, layout.additions.table]
    with psycopg.connect(owner_url) as connection:
        for name in names:
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(of_generation(name, 1))))
        connection.execute("DELETE FROM view_positions WHERE view = %s", (layout.name,))


def _peer(amount: int) -> Sample:
    with database("projections-peer") as url, peer_accounts(url) as app:
        for number in range(amount // HISTORY):
            app.settle(f"c-{number}")
        return fill_peer(url, app.recorder.max_notification_id() or 0)


def fill_peer(url: str, last: int) -> Sample:
    """The library's runner from its start until its table has followed the log to `last`."""

    def run() -> int:
        with peer_views(url) as views:
            views.wait(last, timeout=300)
        return last

    return timed(run)


def _decoded(raw: Raw) -> Recorded:
    return envelope.read(raw.key, raw.headers, raw.value)


def _decode(raw: Sequence[Raw]) -> Sample:
    return timed(lambda: len([_decoded(each) for each in raw]))


def _fold(layout: Layout[Any], events: Sequence[Recorded]) -> Sample:
    def run() -> int:
        fold({}, events, layout.view)
        return len(events)

    return timed(run)
