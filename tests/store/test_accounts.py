"""A command is recorded once, however often, by whomever and under whatever trouble it is said."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.account import fold
from domain.commands import ReceivePayment
from domain.refusals import Refused
from infra.accounts import Accounts, Answer, Request, Trace
from infra.store.verifier import verify
from tests.store.portfolio import NOON, OFFICER, facts, new_line, purchase
from tests.store.wire import Wire


@pytest.fixture
def line(accounts):
    """The id of an account that may borrow."""
    account_id, commands = new_line()
    for command in commands:
        accounts.execute(command)
    return account_id


def types(answer: Answer) -> list[str]:
    return [event.type for event in answer.events]


def reason(answer: Answer | Refused) -> str:
    return answer.reason if isinstance(answer, Refused) else "done"


def test_an_answer_says_what_was_recorded(accounts, store):
    account_id, (open_it, activate) = new_line()
    opened, activated = accounts.execute(open_it), accounts.execute(activate)
    assert (types(opened), opened.version, opened.repeated) == (["account.opened"], 1, False)
    assert (types(activated), activated.version, activated.repeated) == (["account.activated"], 2, False)
    assert store.load(account_id) == [*opened.events, *activated.events]


def test_an_envelope_says_whose_when_by_whom_and_why(accounts, line):
    command = purchase(line, "p1", second_actor=OFFICER)
    (event,) = accounts.execute(command, Trace("corr", "cause", "00-trace")).events
    assert (event.account_id, event.version, event.recorded_at) == (line, 3, command.at)
    assert (event.command_id, event.command_index, event.actor) == ("buy-p1", 0, "customer:c-1+officer:o-1")
    assert (event.correlation_id, event.causation_id, event.traceparent) == ("corr", "cause", "00-trace")
    (untraced,) = accounts.execute(purchase(line, "p2")).events
    assert untraced.correlation_id == "buy-p2"


def test_what_is_refused_leaves_nothing(accounts, store, line):
    head = store.head()
    with pytest.raises(Refused, match="over_limit"):
        accounts.execute(purchase(line, "p1", 5_000_001))
    with pytest.raises(Refused, match="account_unknown"):
        accounts.execute(purchase(uuid4(), "p1"))
    assert store.head() == head


@pytest.mark.parametrize("where", ["the same process", "another process", "after a restart"])
def test_a_command_said_twice_returns_its_first_answer(accounts, new_accounts, store, line, where):
    first = accounts.execute(purchase(line, "p1"))
    later = accounts.execute(purchase(line, "p2", minutes=60 * 48))  # by then the command would be refused: it is late
    again = accounts if where == "the same process" else new_accounts()
    if where == "another process":
        assert again.account(line).version == later.version
    assert again.execute(purchase(line, "p1")) == Answer(line, first.version, first.events, repeated=True)
    assert again.execute_many([purchase(line, "p1")]) == [Answer(line, first.version, first.events, repeated=True)]
    assert store.load(line)[-1].version == later.version


def test_the_same_asked_at_another_moment_is_the_same(accounts, line):
    first = accounts.execute(purchase(line, "p1"))
    assert accounts.execute(purchase(line, "p1", minutes=5)).events == first.events


@pytest.mark.parametrize("door", ["execute", "execute_many"])
def test_a_command_id_with_other_content_is_refused(accounts, new_accounts, line, door):
    accounts.execute(purchase(line, "p1", 100))
    other = purchase(line, "p2", 100, command_id="buy-p1")
    for each in (accounts, new_accounts()):
        if door == "execute":
            with pytest.raises(Refused, match="command_id_reused"):
                each.execute(other)
        else:
            assert [reason(answer) for answer in each.execute_many([other])] == ["command_id_reused"]


def test_a_command_that_recorded_nothing_decides_again(accounts, line):
    too_much = purchase(line, "p1", 5_000_001)
    with pytest.raises(Refused, match="over_limit"):
        accounts.execute(too_much)
    assert types(accounts.execute(purchase(line, "p1", 1, command_id=too_much.command_id))) == ["purchase.posted"]


def test_what_was_done_in_other_words_records_nothing(accounts, line):
    accounts.execute(purchase(line, "p1"))
    assert accounts.execute(purchase(line, "p1", command_id="other")) == Answer(line, 3, ())
    assert accounts.execute_many([purchase(line, "p1", command_id="other")]) == [Answer(line, 3, ())]


def test_two_processes_on_one_account_take_turns(new_accounts, store, line):
    one, other = new_accounts(), new_accounts()
    for number in range(6):
        each = (one, other)[number % 2]
        each.execute(purchase(line, f"p{number}"))  # the other one's memory is behind by now
    assert [event.version for event in store.load(line)] == list(range(1, 9))
    assert one.account(line) == other.account(line) == fold(None, [event.event for event in store.load(line)])


@pytest.mark.parametrize("door", ["execute", "execute_many"])
def test_a_refusal_is_spoken_on_the_latest_state_only(new_accounts, line, door):
    one, other = new_accounts(), new_accounts()
    one.execute(purchase(line, "p1", 5_000_000))
    other.execute(
        ReceivePayment(
            command_id="pay", account_id=line, actor=OFFICER, at=NOON, payment_ref="r1", channel="counter",
            amount_fen=4_000_000,
        )
    )  # fmt: skip
    command = purchase(line, "p2", 3_000_000)
    answer = one.execute(command) if door == "execute" else one.execute_many([command])[0]
    assert reason(answer) == "done"


def test_many_commands_are_answered_in_their_order(accounts, store):
    lines = [new_line() for _ in range(3)]
    commands = [command for _, opening in lines for command in opening]
    for number in range(4):
        commands += [purchase(account_id, f"p{number}", minutes=number) for account_id, _ in lines]
    commands.insert(8, purchase(lines[0][0], "huge", 9_000_000))
    commands.append(commands[-1])
    answers = accounts.execute_many(commands)
    assert [reason(answer) for answer in answers] == ["done"] * 8 + ["over_limit"] + ["done"] * 11
    assert answers[-1] == Answer(lines[2][0], 6, answers[-2].events, repeated=True)
    for account_id, _ in lines:
        told = [event for answer in answers[:-1] if reason(answer) == "done" for event in answer.events]
        assert store.load(account_id) == [event for event in told if event.account_id == account_id]


def test_a_reused_command_id_inside_one_call_is_refused(accounts, line):
    answers = accounts.execute_many([purchase(line, "p1"), purchase(line, "p2", command_id="buy-p1")])
    assert [reason(answer) for answer in answers] == ["done", "command_id_reused"]


def test_a_load_that_is_said_again_from_the_start_records_only_what_is_new(new_accounts, store):
    lines = [new_line() for _ in range(5)]
    commands = [command for _, opening in lines for command in opening]
    commands += [purchase(account_id, f"p{number}", minutes=number) for number in range(300) for account_id, _ in lines]
    first = new_accounts().execute_many(commands[:700])
    second = new_accounts().execute_many(commands)
    assert [answer.repeated for answer in second] == [True] * 700 + [False] * (len(commands) - 700)
    assert [answer.events for answer in second[:700]] == [answer.events for answer in first]
    assert sum(store.versions([account_id for account_id, _ in lines]).values()) == len(commands)


def test_a_chunk_that_meets_another_writer_is_done_one_by_one(new_accounts, store, monkeypatch):
    one, other = new_accounts(), new_accounts()
    (first, opening), (second, opening2) = new_line(), new_line()
    one.execute_many([*opening, *opening2])
    append = one._commits.append

    def late(events):
        monkeypatch.setattr(one._commits, "append", append)
        other.execute(purchase(first, "p0"))
        other.execute(purchase(first, "p1"))  # the very command that the chunk is about to record
        append(events)

    monkeypatch.setattr(one._commits, "append", late)
    answers = one.execute_many([purchase(first, "p1"), purchase(second, "p1"), purchase(first, "p2")])
    assert [(answer.version, answer.repeated) for answer in answers] == [(4, True), (3, False), (5, False)]
    assert [event.command_id for event in store.load(first)][2:] == ["buy-p0", "buy-p1", "buy-p2"]


@pytest.fixture
def wire(writer_url):
    wire = Wire(writer_url)
    yield wire
    wire.close()


@pytest.mark.parametrize("door", ["execute", "execute_many"])
def test_a_commit_whose_reply_was_lost_is_answered_as_what_it_was(wire, new_store, store, door):
    far = new_store(wire.url, pool_size=1)
    accounts = Accounts(far)
    account_id, opening = new_line()
    accounts.execute_many([*opening, purchase(account_id, "p0")])
    append = far._recorder.insert_events

    def cut_then_append(events):
        wire.cut_next_reply()
        far._recorder.insert_events = append
        return append(events)

    far._recorder.insert_events = cut_then_append
    command = purchase(account_id, "p1")
    answer = accounts.execute(command) if door == "execute" else accounts.execute_many([command])[0]
    assert wire.cuts == 1
    assert answer == Answer(account_id, 4, tuple(store.load(account_id)[3:]))
    assert types(answer) == ["purchase.posted"]
    assert accounts.execute(command).repeated


def test_a_cached_account_is_dropped_when_room_is_needed(new_store, store):
    accounts = Accounts(new_store(), live_max=2)
    lines = [new_line() for _ in range(5)]
    accounts.execute_many([command for _, opening in lines for command in opening])
    assert len(accounts._memory.accounts) == 2
    for account_id, _ in lines:
        assert accounts.execute(purchase(account_id, "p1")).version == 3


def test_the_chain_that_is_written_is_the_chain_that_is_described(accounts, store, line):
    accounts.execute_many([purchase(line, f"p{number}", minutes=number * 700) for number in range(50)])
    assert verify(store.load(line)) == (1, 1, len(store.load(line)), None)


def test_what_does_not_come_from_a_command_does_not_fool_the_memory(accounts, store, line):
    assert accounts.account(line).version == 2
    store.append(facts(1, after=store.load(line)[-1]))
    assert accounts.account(line).version == 3
    assert accounts.account(uuid4()) is None
    assert accounts.execute(purchase(line, "p1", at=NOON + timedelta(days=1))).version == 4


def test_a_command_that_is_meant_for_one_version_is_not_done_on_another(accounts, new_accounts, line):
    other = new_accounts()
    assert other.account(line).version == 2
    accounts.execute(purchase(line, "p1"))
    meant = Request(purchase(line, "p2"), if_version=2)
    for door in (accounts, other):  # the other one's memory is behind, and it finds that out
        (refused,) = door.execute_all([meant])
        assert (refused.reason, refused.numbers) == ("version_differs", {"asked": 2, "version": 3})
    (done,) = accounts.execute_all([meant._replace(if_version=3)])
    assert done.version == 4
    # Said again it was done, whatever the version is by now.
    assert other.execute_all([meant._replace(if_version=3)]) == [Answer(line, 4, done.events, repeated=True)]
