"""The embedded servers: started once however often asked, outliving their starter, coming back after any kill."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from infra.embedded import processes
from infra.embedded import servers as embedded
from infra.embedded.kafka import Kafka
from infra.embedded.postgres import Postgres
from infra.faults import Fault
from infra.settings import Settings

STARTER = """
import os, signal
from infra.embedded import servers
running = servers.start()
print(running.database_url, running.bootstrap_servers, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Servers of this module's own, for its tests kill them; half-made folders lie about from the start."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("servers") / "data", database_url=None)
    for half_made in (".making-postgres/cluster", "kafka/data.making"):
        (settings.data_dir / half_made).mkdir(parents=True)
        (settings.data_dir / half_made / "junk").touch()
    yield settings
    embedded.forget(settings)


def starter(settings: Settings, code: str = STARTER) -> "subprocess.Popen[str]":
    """Another program that starts the servers, tells where they are, and is killed."""
    env = {**os.environ, "CREDIT_DATA_DIR": str(settings.data_dir), "CREDIT_CACHE_DIR": str(settings.cache_dir)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code], env=env, text=True, **pipes)


def heads(settings: Settings) -> list[int]:
    """The pids of the servers that run on this data, one per server and not their workers."""
    postgres = processes.living(Postgres(settings).folder, "postgres")
    brokers = processes.living(Kafka(settings).folder, "java")
    return sorted(process.pid for process in processes.heads((*postgres, *brokers)))


def kill(settings: Settings) -> None:
    for pid in heads(settings):
        os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not heads(settings), lambda: True, 10)


def make_topic(bootstrap_servers: str, name: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    admin.close()


def say(bootstrap_servers: str, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    producer.send(topic, value).get(timeout=20)
    producer.close()


def heard(bootstrap_servers: str, topic: str) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest", consumer_timeout_ms=5_000
    )
    try:
        return [next(consumer).value]
    finally:
        consumer.close()


def test_programs_that_start_at_once_get_the_same_servers_and_may_be_killed(settings):
    programs = [starter(settings), starter(settings)]
    told = {program.communicate(timeout=120)[0] for program in programs}
    assert [program.returncode for program in programs] == [-signal.SIGKILL, -signal.SIGKILL]
    pids = heads(settings)
    running = embedded.start(settings)
    assert told == {f"{running.database_url} {running.bootstrap_servers}\n"}
    assert heads(settings) == pids
    assert len(pids) == 2


def test_half_made_folders_are_cleared_away(settings):
    embedded.start(settings)
    assert list(settings.data_dir.glob("**/*making*")) == []


def test_postgres_is_durable_and_asks_for_the_password(settings):
    url = embedded.start(settings).database_url
    with psycopg.connect(url) as connection:
        shown = [connection.execute(f"show {name}").fetchone()[0] for name in DURABLE]
        assert dict(zip(DURABLE, shown, strict=True)) == dict.fromkeys(DURABLE, "on")
        assert int(connection.execute("show max_connections").fetchone()[0]) >= 100
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guess"))
    kept = Postgres(settings).folder / "owner-password"
    assert kept.stat().st_mode & 0o777 == 0o600


DURABLE = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")


def test_killed_servers_come_back_with_all_that_was_acknowledged(settings):
    running = embedded.start(settings)
    with psycopg.connect(running.database_url) as connection:
        connection.execute("create table said (what text)")
        connection.execute("insert into said values ('committed')")
    make_topic(running.bootstrap_servers, "said")
    say(running.bootstrap_servers, "said", b"acknowledged")
    before = heads(settings)
    kill(settings)
    assert [state.running for state in embedded.status(settings)] == [False, False]
    assert embedded.start(settings) == running
    assert not set(heads(settings)) & set(before)
    with psycopg.connect(running.database_url) as connection:
        assert connection.execute("select what from said").fetchall() == [("committed",)]
    assert heard(running.bootstrap_servers, "said") == [b"acknowledged"]


def test_stopping_stops_both_once(settings):
    embedded.start(settings)
    assert embedded.stop(settings) == ["PostgreSQL", "Kafka"]
    assert heads(settings) == []
    assert embedded.stop(settings) == []
    assert [state.running for state in embedded.status(settings)] == [False, False]


def test_another_program_may_stop_what_one_that_still_runs_has_started(settings):
    embedded.stop(settings)
    lives_on = STARTER.replace("os.kill(os.getpid(), signal.SIGKILL)", "input()")
    with starter(settings, lives_on) as program:
        program.stdout.readline()
        assert embedded.stop(settings) == ["PostgreSQL", "Kafka"]
        assert heads(settings) == []
        program.stdin.write("\n")


def test_servers_still_starting_when_their_starter_is_killed_are_waited_for(settings):
    embedded.stop(settings)
    program = starter(settings)
    assert processes.wait_until(Kafka(settings).living, lambda: True, 60)
    program.kill()
    program.communicate()
    pid = processes.living(Kafka(settings).folder, "java")[0].pid
    embedded.start(settings)
    assert pid in heads(settings)
    assert len(heads(settings)) == 2


def test_ports_that_were_taken_meanwhile_are_replaced(settings):
    before = embedded.start(settings)
    embedded.stop(settings)
    ports = [Postgres(settings).port, *processes.remembered(settings.data_dir / "kafka.json").values()]
    with ExitStack() as held:
        for port in ports:
            other = held.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
        after = embedded.start(settings)
        assert after.bootstrap_servers != before.bootstrap_servers
        assert after.database_url != before.database_url
        assert all(state.running for state in embedded.status(settings))
    assert heard(after.bootstrap_servers, "said") == [b"acknowledged"]


def test_a_pid_file_that_names_another_program_is_no_obstacle(settings):
    postgres = Postgres(settings)
    postgres.start()
    lines = (postgres.folder / "postmaster.pid").read_text().splitlines()
    postgres.stop()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (postgres.folder / "postmaster.pid").write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        postgres.start()
        assert postgres.answers()
        assert psutil.pid_exists(bystander.pid)
        bystander.kill()


def test_a_damaged_note_of_the_port_is_written_anew(settings):
    postgres = Postgres(settings)
    postgres.start()
    postgres.stop()
    (settings.data_dir / "postgresql.json").write_text('{"port": ')
    url = embedded.ensure_database(postgres.start(), settings.database_name)
    with psycopg.connect(url) as connection:
        assert connection.execute("select what from said").fetchall() == [("committed",)]


def test_programs_that_make_the_same_database_at_once_all_get_it(settings):
    owner = Postgres(settings).start()
    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(lambda _: embedded.ensure_database(owner, "shared"), range(4)))
    assert len(set(urls)) == 1
    with psycopg.connect(urls[0]) as connection:
        assert connection.execute("select current_database()").fetchone() == ("shared",)


def test_a_postgres_that_cannot_start_shows_the_end_of_its_log(settings):
    postgres = Postgres(settings)
    postgres.start()
    postgres.stop()
    wrong = postgres.folder / "postgresql.auto.conf"
    wrong.write_text("no_such_setting = 1\n")
    with pytest.raises(Fault, match=r"(?s)PostgreSQL did not start.*no_such_setting"):
        postgres.start()
    wrong.write_text("")
    postgres.start()
    assert postgres.answers()


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(settings):
    kafka = Kafka(settings)
    kafka.stop()
    meta = kafka.folder / "data" / "meta.properties"
    right = meta.read_text()
    meta.write_text(right.replace("node.id=1", "node.id=2"))
    with pytest.raises(Fault, match=r"(?s)Kafka did not start.*Stored node id 2 doesn't match"):
        kafka.start()
    meta.write_text(right)


def test_forgetting_leaves_nothing_but_the_lock(settings):
    stranger = settings.data_dir / "not-ours"
    stranger.touch()
    embedded.start(settings)
    pids = heads(settings)
    embedded.forget(settings)
    assert len(pids) == 2
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
    assert sorted(path.name for path in settings.data_dir.iterdir()) == ["not-ours", "servers.lock"]


def test_given_servers_are_used_and_nothing_is_started(tmp_path, servers):
    given = Settings(
        data_dir=tmp_path, database_url=servers.database_url, kafka_bootstrap_servers=servers.bootstrap_servers
    )
    assert embedded.start(given) == servers
    assert [(state.embedded, state.running) for state in embedded.status(given)] == [(False, True), (False, True)]
    assert embedded.stop(given) == []
    assert [path.name for path in tmp_path.iterdir()] == ["servers.lock"]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        (
            "database_url",
            "postgresql://credit@127.0.0.1:1/credit",
            "PostgreSQL of CREDIT_DATABASE_URL.*correct the URL",
        ),
        ("kafka_bootstrap_servers", "127.0.0.1:1", "No Kafka answers at 127.0.0.1:1.*CREDIT_KAFKA_BOOTSTRAP_SERVERS"),
    ],
)
def test_a_given_server_that_does_not_answer_is_a_fault_with_a_remedy(tmp_path, servers, setting, value, said):
    both = {"database_url": servers.database_url, "kafka_bootstrap_servers": servers.bootstrap_servers}
    with pytest.raises(Fault, match=said):
        embedded.start(Settings(data_dir=tmp_path, **{**both, setting: value}))


def test_a_folder_that_cannot_be_written_names_the_variable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match="set CREDIT_DATA_DIR"):
        embedded.start(Settings(data_dir=tmp_path / "file"))


def test_the_cause_of_a_refused_connection_is_told_without_the_password(tmp_path, servers):
    given = {"data_dir": tmp_path, "kafka_bootstrap_servers": servers.bootstrap_servers}
    with pytest.raises(Fault, match="Connection refused") as fault:
        embedded.start(Settings(database_url="postgresql://credit:hunter2@127.0.0.1:1/credit", **given))
    assert "\n" not in str(fault.value)
    assert "hunter2" not in str(fault.value)


def test_a_url_that_names_several_hosts_has_several_addresses(tmp_path, servers):
    address = servers.database_url.rpartition("@")[2].partition("/")[0]
    url = servers.database_url.replace(address, f"{address},127.0.0.1:1")
    given = Settings(data_dir=tmp_path, database_url=url, kafka_bootstrap_servers=servers.bootstrap_servers)
    database, _ = embedded.status(given)
    assert (database.running, database.address) == (True, f"{address},127.0.0.1:1")
