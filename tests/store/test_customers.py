"""What is reserved for a person is right under whatever trouble, and nobody gets more than the bound by asking at once."""

import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import date, timedelta
from random import Random

import psycopg
import pytest

from domain.commands import Activate, ChangeLimit, Draw, ForceClose, Open, RequestClosure
from domain.customer import Customer, fold
from domain.customer_commands import EstablishAge, GiveConsent, VerifyIdentity
from domain.customer_decisions import line_of
from domain.identity import account_bucket, account_id_for, customer_bucket, customer_key
from domain.recorded import CustomerRecorded
from domain.refusals import Refused
from domain.terms import CASH_LOAN, PAY_LATER
from domain.underwriting import STANDARD_POLICY
from infra.accounts import Accounts, CustomerAnswer
from infra.migrations import migrate
from infra.store.event_store import EventStore
from infra.store.verifier import verify_customers, verify_store
from tests import people
from tests.domain.test_customer_laws import BEGINNING, IN_A_ROW, POLICY, steps_of
from tests.store.portfolio import NOON, OFFICER, application, known_person, new_line, purchase
from tests.store.wire import Wire

EXPOSURE_MAX = STANDARD_POLICY.exposure_max


@pytest.fixture
def person(accounts) -> str:
    """The id of a person of whom everything is known that a decision needs."""
    name, told = known_person()
    for command in told:
        accounts.execute(command)
    return name


def of_customer(store, name) -> list[CustomerRecorded]:
    return [event for event in store.read(0, 100_000) if event.aggregate_id == customer_key(name)]


def types(events) -> list[str]:
    return [event.type for event in events]


def test_fifty_applications_at_once_from_four_processes_never_pass_the_bound(person, writer_url, new_accounts, store):
    """Each alone would get 5,000,000 of 20,000,000: four are granted, forty-six are refused, whatever the order."""
    shares = (13, 13, 12, 12)
    with ExitStack() as stack:
        programs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.store.applying", writer_url, person, str(100 * first), str(count)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for first, count in enumerate(shares)
        ]
        for program in programs:
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            program.stdin.write("go\n")
            program.stdin.flush()
        told = [line.split() for program in programs for line in program.communicate(timeout=120)[0].splitlines()]
        assert [program.returncode for program in programs] == [0] * 4
    granted = {reference: int(limit) for reference, limit, _ in told if limit != "0"}
    assert len(told) == sum(shares)
    assert sum(granted.values()) == EXPOSURE_MAX
    assert Counter(limit for _, limit, _ in told) == {"5000000": 4, "0": 46}
    # What was said is what is stored: each decided once, an account for each grant and none for a refusal.
    customer = new_accounts().customer(person)
    assert {ref: each.limit for ref, each in customer.applications.items() if each.limit} == granted
    assert (len(customer.applications), customer.reserved) == (50, EXPOSURE_MAX)
    for reference, _, with_it in told:
        history = store.load(account_id_for(person, reference))
        assert len(history) == int(with_it) == (2 if reference in granted else 0)
    assert verify_customers(of_customer(store, person)) == (1, 1, 52, None)


def test_a_grant_is_one_append_of_both(accounts, store, person):
    head = store.head()
    answer = accounts.execute(application(person, "a-1", score=300_000))
    assert answer.granted.limit_fen == 300_000
    assert types([*answer.events, *answer.account_events]) == [
        "customer.application_granted",
        "account.opened",
        "account.activated",
    ]
    assert store.read(head, 10) == [*answer.events, *answer.account_events]
    assert {event.command_id for event in store.read(head, 10)} == {"a-1"}
    account_id = account_id_for(person, "a-1")
    assert accounts.account(account_id).limit == 300_000
    assert account_bucket(account_id) == account_bucket(customer_key(person)) == customer_bucket(person)


def test_a_refused_application_is_recorded_on_the_customer_alone(accounts, store, person):
    head = store.head()
    answer = accounts.execute(application(person, "a-1", score=0))
    assert (answer.granted, types(answer.events), answer.account_events) == (None, ["customer.application_refused"], ())
    assert store.read(head, 10) == list(answer.events)
    assert accounts.account(account_id_for(person, "a-1")) is None


@pytest.mark.parametrize("door", ["execute", "execute_many"])
def test_an_application_said_twice_is_one_grant(accounts, new_accounts, store, person, door):
    first = accounts.execute(application(person, "a-1"))
    head = store.head()
    for again in (accounts, new_accounts()):
        command = application(person, "a-1", at=NOON + timedelta(days=3))
        answer = again.execute(command) if door == "execute" else again.execute_many([command])[0]
        assert answer.repeated
        assert (answer.events, answer.account_events) == (first.events, first.account_events)
        other_words = again.execute(application(person, "a-1", command_id="other"))
        assert (other_words.events, other_words.account_events, other_words.version) == ((), (), first.version)
        with pytest.raises(Refused, match="command_id_reused"):
            again.execute(application(person, "a-1", score=1))
    assert store.head() == head


def test_an_account_id_that_is_taken_is_not_granted_again(accounts, store, person):
    said = {"account_id": account_id_for(person, "a-1"), "actor": OFFICER, "at": NOON}
    accounts.execute(Open(command_id="open", customer_id=person, terms_version=PAY_LATER.version, **said))
    head = store.head()
    with pytest.raises(Refused, match="already_opened"):
        accounts.execute(application(person, "a-1"))
    # Nor is a command id that the account knows, though the customer does not.
    with pytest.raises(Refused, match="command_id_reused"):
        accounts.execute(application(person, "a-1", command_id="open"))
    assert store.head() == head


def test_killed_while_it_is_recorded_nothing_is_half_done(person, owner_url, writer_url, new_accounts, store):
    """Its one append waits for the log when it dies; PostgreSQL ends what it had begun."""
    head = store.head()
    with psycopg.connect(owner_url) as blocking:
        blocking.execute("SELECT last FROM store_head FOR UPDATE")
        with subprocess.Popen(
            [sys.executable, "-m", "tests.store.applying", writer_url, person, "1", "1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as program:
            assert program.stdout.readline() == "ready\n"
            program.stdin.write("go\n")
            program.stdin.flush()
            _until_somebody_waits(owner_url)
            program.kill()
            program.wait()
        _end_sessions_that_wait(owner_url)
    assert store.head() == head
    account_id = account_id_for(person, "application-1")
    accounts = new_accounts()
    assert (accounts.account(account_id), accounts.customer(person).version) == (None, 2)
    answer = accounts.execute(application(person, "application-1"))
    assert (answer.repeated, len(answer.events), len(answer.account_events)) == (False, 1, 2)
    assert store.head() == head + 3


def test_a_grant_whose_reply_was_lost_is_answered_as_what_it_was(person, writer_url, new_store, store):
    wire = Wire(writer_url)
    far = new_store(wire.url, pool_size=1)
    accounts, append = Accounts(far), far._recorder.insert_events
    accounts.customer(person)

    def cut_then_append(events):
        wire.cut_next_reply()
        far._recorder.insert_events = append
        return append(events)

    far._recorder.insert_events = cut_then_append
    head = store.head()
    answer = accounts.execute(application(person, "a-1"))
    wire.close()
    assert (wire.cuts, answer.repeated) == (1, False)
    assert store.read(head, 10) == [*answer.events, *answer.account_events]
    assert len(answer.account_events) == 2


_WAITING = """
    FROM pg_stat_activity WHERE usename = 'credit_writer' AND datname = current_database()
    AND wait_event_type = 'Lock' AND query LIKE '%append_events%'"""


def _until_somebody_waits(owner_url):
    deadline = time.monotonic() + 30
    with psycopg.connect(owner_url, autocommit=True) as owner:
        while owner.execute(f"SELECT count(*) {_WAITING}").fetchone() == (0,):
            assert time.monotonic() < deadline, "nobody came to append"
            time.sleep(0.02)


def _end_sessions_that_wait(owner_url):
    """A server notices a client that died when it has something to say to it; here it does so at once."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(f"SELECT pg_terminate_backend(pid, 5000) {_WAITING}")


def opened(name, number):
    said = {"account_id": account_id_for(name, f"line-{number}"), "actor": OFFICER, "at": NOON}
    return Open(command_id="open", customer_id=name, terms_version=PAY_LATER.version, **said)


def limited(name, number, limit, kind=Activate, **fields):
    said = {"command_id": "limit", "actor": OFFICER, "at": NOON, **fields}
    return kind(account_id=account_id_for(name, f"line-{number}"), limit_fen=limit, **said)


@pytest.mark.parametrize("door", ["execute", "execute_many"])
def test_limits_set_by_hand_are_followed_and_bounded(accounts, new_accounts, person, door):
    """Accounts number their commands each for itself, so two of one person may use the same ids."""
    commands = [command for n in range(5) for command in (opened(person, n), limited(person, n, 4_500_000))]
    if door == "execute_many":
        answers = accounts.execute_many(commands)
    else:
        answers = []
        for command in commands:
            try:
                answers.append(accounts.execute(command))
            except Refused as refused:
                answers.append(refused)
    assert [isinstance(answer, Refused) for answer in answers] == [False] * 9 + [True]
    assert answers[-1].numbers == {
        "field": "limit_fen",
        "asked": 4_500_000,
        "exposure": 18_000_000,
        "highest": EXPOSURE_MAX,
    }
    customer = new_accounts().customer(person)
    assert (customer.reserved, len(customer.lines)) == (18_000_000, 4)
    assert {event.account_id for answer in answers[:9] for event in answer.events} == set(customer.lines) | {
        account_id_for(person, "line-4")
    }


def test_a_limit_said_twice_in_one_call_is_one_answer_about_the_account(accounts, store, person):
    activate = limited(person, 0, 300_000)
    _, first, second = accounts.execute_many([opened(person, 0), activate, activate])
    assert (first.version, first.repeated, second.version, second.repeated) == (2, False, 2, True)
    assert first.events == second.events
    ask = application(person, "a-1")
    first, second = accounts.execute_many([ask, ask])
    assert (first.version, first.repeated, second.version, second.repeated) == (4, False, 4, True)
    assert (first.events, first.account_events) == (second.events, second.account_events)


def test_of_two_processes_the_later_one_decides_on_what_the_other_left(new_accounts, person):
    one, other = new_accounts(), new_accounts()
    for number in range(4):
        one.execute(opened(person, number))
    one.execute(limited(person, 0, 5_000_000))
    assert other.customer(person).reserved == 5_000_000
    for number in (1, 2):
        one.execute(limited(person, number, 5_000_000))
    one.execute(application(person, "a-1", score=4_000_000))
    with pytest.raises(Refused, match="exposure_exceeded"):  # by its own memory there were 10,000,000 left
        other.execute(limited(person, 3, 1_100_000))
    assert other.execute(limited(person, 3, 1_000_000)).version == 2
    assert one.customer(person).reserved == EXPOSURE_MAX


def test_a_refusal_by_an_old_memory_is_not_spoken(new_accounts, person):
    one, other = new_accounts(), new_accounts()
    for number in range(5):
        one.execute(opened(person, number))
    for number in range(4):
        one.execute(limited(person, number, 5_000_000))
    other.execute(
        RequestClosure(command_id="leave", account_id=account_id_for(person, "line-0"), actor=OFFICER, at=NOON)
    )  # fmt: skip
    assert one.execute(limited(person, 4, 5_000_000)).version == 2


def test_what_a_closed_account_owes_is_read_when_it_is_decided(new_accounts, person):
    """No version protects it, so it is never taken from a memory that may be old."""
    one, other = new_accounts(), new_accounts()
    account_id = account_id_for(person, "line-0")
    one.execute_many([opened(person, 0), limited(person, 0, 300_000)])
    closing = {"command_id": "end", "actor": OFFICER, "second_actor": OFFICER.model_copy(update={"id": "o-2"})}
    one.execute(ForceClose(account_id=account_id, at=NOON, reason="abuse", **closing))
    assert one.execute(application(person, "a-1", score=0)).events[0].event.exposure_fen == 0
    other.execute(purchase(account_id, "p1", 120_000, forced=True))
    assert one.execute(application(person, "a-2", score=0)).events[0].event.exposure_fen == 120_000


def test_a_loan_is_paid_out_only_while_nothing_stands_against_its_customer(new_accounts, person):
    """Nothing of the customer's is recorded with it, so no version would tell that a memory is old: they are asked anew."""
    one, other = new_accounts(), new_accounts()
    one.execute(application(person, "a-1", terms_version=CASH_LOAN.version))
    account_id = account_id_for(person, "a-1")
    said = {"account_id": account_id, "actor": OFFICER, "at": NOON, "months": 12, "payout_token": "card"}

    def drawn(number, door):
        loan = Draw(command_id=f"d{number}", draw_id=f"d{number}", plan_id=f"l{number}", amount_fen=100_000, **said)
        return door(loan)

    def in_bulk(loan):
        (answer,) = one.execute_many([loan])
        if isinstance(answer, Refused):
            raise answer
        return answer

    with pytest.raises(Refused, match="identity_unverified"):
        drawn(1, one.execute)
    about = {"customer_id": person, "actor": OFFICER, "at": NOON, "evidence_ref": "form-2"}
    other.execute(VerifyIdentity(command_id="identity", **about))
    with pytest.raises(Refused, match="consent_missing"):
        drawn(1, in_bulk)
    for kind in ("credit_reporting", "loan_agreement"):
        other.execute(GiveConsent(command_id=kind, kind=kind, **about))
    assert len(drawn(1, one.execute).events) == 2
    other.execute(EstablishAge(command_id="minor", adult=False, **about))
    with pytest.raises(Refused, match="not_eligible"):
        drawn(2, in_bulk)


def test_a_chunk_that_meets_another_writer_of_the_same_person_is_decided_again(new_accounts, person, monkeypatch):
    one, other = new_accounts(), new_accounts()
    append = one._commits.append

    def late(events):
        monkeypatch.setattr(one._commits, "append", append)
        for number in range(3):
            other.execute(application(person, f"a-{number}"))
        append(events)

    monkeypatch.setattr(one._commits, "append", late)
    answers = one.execute_many([application(person, f"b-{number}") for number in range(2)])
    assert [answer.granted is not None for answer in answers] == [True, False]
    assert new_accounts().customer(person).reserved == EXPOSURE_MAX


def test_the_customer_knows_what_their_accounts_say(accounts, store, person):
    accounts.execute_many([opened(person, 0), limited(person, 0, 300_000), opened(person, 1)])
    accounts.execute(application(person, "a-1", score=700_000))
    accounts.execute(limited(person, 0, 200_000, kind=ChangeLimit, command_id="cut", reason="review"))
    customer = accounts.customer(person)
    lives = {account_id: accounts.account(account_id) for account_id in customer.lines}
    assert customer.lines == {account_id: line_of(life) for account_id, life in lives.items()}
    assert customer == fold(Customer(person), [event.event for event in of_customer(store, person)])


@pytest.mark.parametrize("seed", range(4))
def test_at_the_door_a_person_lives_as_the_rules_say(new_database, seed):
    """A life of many commands on several accounts, said to the door and decided beside it: the same is told of it."""
    url, rng, day = new_database(), Random(seed), date(2026, 1, 5)
    migrate(url)
    beside = people.given(policy=POLICY)
    with EventStore(url) as store:
        one, other = (Accounts(store, policy=POLICY) for _ in range(2))
        asked = list(BEGINNING)
        for place in range(120):
            kind = rng.choice(("account", "account", "account", "account", "apply", "more", "lender", "wait"))
            day += timedelta(days=rng.randint(1, 120)) if kind == "wait" else timedelta()
            amount = rng.randint(50_000, 200_000) if kind == "lender" else rng.randint(50_000, 900_000)
            asked += steps_of(kind, rng.randint(1, 4), rng.choice(IN_A_ROW), amount, day.isoformat(), place)
        for each in asked:
            door = rng.choice((one, other))
            beside.when(each)
            beside._asked -= 1  # the same command once more
            command = beside.command(each)
            (answer,) = door.execute_many([command]) if rng.random() < 0.3 else [_said(door, command)]
            if isinstance(answer, Refused):
                assert (answer.reason, answer.numbers) == (beside.refusal.reason, beside.refusal.numbers)
            else:
                assert beside.refusal is None
                told = answer.account_events if isinstance(answer, CustomerAnswer) else answer.events
                assert [event.event for event in told] == beside.account_events
        assert one.customer(people.PERSON) == other.customer(people.PERSON) == beside.customer
        assert len(beside.customer.lines) > 1
        log = verify_store(url)
        assert (log.accounts.first_difference, log.customers.first_difference) == (None, None)


def _said(door, command):
    try:
        return door.execute(command)
    except Refused as refused:
        return refused


def test_customers_are_verified_with_the_store_and_do_not_disturb_the_accounts(writer_url, owner_url, accounts, owner):
    name, told = known_person()
    accounts.execute_many([*told, application(name, "a-1")])
    (_, opening) = new_line()
    accounts.execute_many(opening)
    url = owner_url
    log = verify_store(url)
    assert (log.accounts.first_difference, log.customers.first_difference) == (None, None)
    assert log.customers.customers_ok == log.customers.customers > 0
    owner.execute(
        "UPDATE stored_events SET state = state || ' '::bytea WHERE originator_id = %s AND originator_version = 2",
        (customer_key(name),),
    )
    log = verify_store(url)
    assert log.accounts.first_difference is None
    assert log.customers.first_difference.startswith(f"customer {customer_key(name)}: version 2 ")


def test_the_events_of_accounts_are_counted_without_those_of_customers(new_database):
    url = new_database()
    migrate(url)
    with EventStore(url) as store:
        name, told = known_person()
        Accounts(store).execute_many([*told, application(name, "a-1")])
        assert (store.head(), store.events_of_accounts()) == (5, 2)
