"""The demo's run: install, live, wait for the views, verify, tell a story, print the figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from consumers.reading import read_all, read_all_customers
from domain.events import PUBLIC_TRANSITIONS
from domain.refusals import Refused
from infra.accounts import Accounts
from infra.demo.progress import Progress
from infra.demo.story import tell
from infra.demo.verification import Replay, Tally
from infra.faults import Fault
from infra.installation import Installation, install_beside, look_at
from infra.kafka.relay import relayed
from infra.portfolio.script import Script
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.supervisor import PROGRAMS, Supervisor, collect_seldom
from infra.views import query
from infra.views.books import books_of

VIEWS = ("balance", "credit_report", "audit", "books")
_STALLED = 180.0  # seconds without any progress of the views after which the demo gives up


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of a run by name, in the order they are printed, and what was not as it must be."""

    figures: dict[str, Any]
    differences: list[str]


def run(script: Script, progress: Progress) -> Outcome:
    """Live the script on an installation of its own and check what everybody says of it. Raises Fault."""
    collect_seldom()
    with progress.step("PostgreSQL, Kafka, tables and topics") as step:
        there = install_beside(script.name, report=step.note)
    log = Settings.load().data_dir / "logs" / f"{script.name}.log"
    with EventStore(there.writer_url) as store, Supervisor(PROGRAMS, there.environment(), log) as programs:
        accounts = Accounts(store, catalogue=script.catalogue, policy=script.policy)
        _live(script, accounts, programs, progress)
        with progress.step("relay and four views catch up") as step:
            _await_views(there, store, programs, step.note)
        with progress.step("replay of the topic against store, views, ledger and chain") as step:
            replay, outcome = _verify(script, there, store)
            step.note(f"{programs.restarts} programs were started again")
    for line in script.beside(replay.overdue):
        progress.say(line)
    teller = script.storyteller()
    for each in (teller, *script.beside_it(teller)):
        tell(each, query.timeline(there.reader_url, each))
    if look_at(there):
        hint = f"`credit account show {teller}`, `credit events tail` and `make serve` now look at this portfolio"
        progress.say(f"[dim]{hint}[/]\n")
    outcome.figures["elapsed seconds"] = round(progress.elapsed, 1)
    return outcome


def _live(script: Script, accounts: Accounts, programs: Supervisor, progress: Progress) -> None:
    """Send every command of the script; that some are refused is part of the story."""
    for each in script.steps():
        with progress.step(each.title) as step:
            answers = accounts.execute_many(each.commands)
            if any(isinstance(answer, Refused) and answer.reason == "command_id_reused" for answer in answers):
                raise Fault(
                    f"The portfolio {script.name} was recorded from other commands, by another edition of this program "
                    f"or from another file: forget it with `make reset`."
                )
            outcome = [isinstance(answer, Refused) for answer in answers]
            script.learn(each.commands, outcome)
            step.note(f"{len(each.commands):,} commands, {sum(outcome):,} refused")
        programs.check()


def _await_views(there: Installation, store: EventStore, programs: Supervisor, note: Any) -> None:
    """Wait until each view has applied every event. Raises Fault when none of them moves for too long."""
    head, of_accounts = store.head(), store.events_of_accounts()
    applied = 0
    moved = monotonic()
    while True:
        programs.check()
        # The relay, too: under another topic prefix it may have everything before it, though the views are done.
        now = query.events_applied(there.reader_url)
        due = dict.fromkeys(now, of_accounts) | {"relay": head}
        now["relay"] = relayed(there.relay_url, there.topic_prefix)
        note(", ".join(f"{who} {count:,}" for who, count in now.items()) + f" of {head:,}")
        if all(count >= due[who] for who, count in now.items()):
            return
        if sum(now.values()) > applied:
            applied, moved = sum(now.values()), monotonic()
        elif monotonic() - moved > _STALLED:
            raise Fault(f"The views have not moved for {_STALLED:.0f} s: see {programs.log}.")
        sleep(0.2)


def _verify(script: Script, there: Installation, store: EventStore) -> tuple[Replay, Outcome]:
    replay = Replay(script.expected_statements())
    replay.read(read_all(there.bootstrap_servers, there.topic))
    replay.read_customers(read_all_customers(there.bootstrap_servers, there.customer_topic))
    balances = replay.against(query.balances(there.reader_url))
    trial, booked = replay.against_the_books(books_of(there.reader_url, query.last_business_date(there.reader_url)))
    applied = query.events_applied(there.reader_url)
    recorded = store.events_of_accounts()
    figures: dict[str, Any] = {"events recorded": recorded, "events on Kafka": replay.records}
    of_customers = {"recorded": store.head() - recorded, "on Kafka": replay.customer_records}
    figures |= {f"view {view}": applied[view] for view in VIEWS}
    figures |= {f"customer events {where}": count for where, count in of_customers.items()}
    transitions = {cls.TYPE.removeprefix("account."): replay.by_type[cls.TYPE] for cls in PUBLIC_TRANSITIONS}
    figures |= {f"transitions {name}": count for name, count in transitions.items()}
    happenings = {name: replay.by_type[name] for name in sorted(script.happenings)}
    tallies = {
        "statements equal": replay.statements,
        "balances equal": balances,
        "trial balance equal": trial,
        "books equal": booked,
        "reserved limits equal": replay.reserved(),
        "chain verified": replay.chain,
    }
    figures |= {name: str(tally) for name, tally in tallies.items()}
    counts = {name: figure for name, figure in figures.items() if name.startswith(("events", "view"))}
    wrong = list(_wrong(replay, counts, transitions | happenings, tallies, script))
    if len(set(of_customers.values())) > 1:
        wrong.append(f"customer events: {of_customers['recorded']} recorded, {of_customers['on Kafka']} on Kafka")
    return replay, Outcome(figures, wrong)


def _wrong(
    replay: Replay, counts: dict[str, int], occurred: dict[str, int], tallies: dict[str, Tally], script: Script
) -> Iterator[str]:
    if replay.gap is not None:
        yield f"the topic has a hole: {replay.gap}"
    for name, count in counts.items():
        if count != counts["events recorded"]:
            yield f"{name} is {count}, but {counts['events recorded']} events were recorded"
    for name, count in occurred.items():
        if not count and name in script.transitions | script.happenings:
            yield f"no account was {name}" if name in script.transitions else f"{name} never occurred"
    for name, tally in tallies.items():
        if not tally.complete:
            yield f"{name} {tally}; the first that is not: {tally.first_difference}"
        elif not tally.total:
            yield f"{name}: there was nothing to compare"
