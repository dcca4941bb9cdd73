"""Whoever sends too much, too slowly or without end gets the right answer, costs little, and keeps nobody else waiting.

A real server in a process of its own. Where bounds of time are at stake it is `shielded`, whose bounds are soon met;
where memory is, it is `credit http` as it stands.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import psutil
import pytest

from infra.embedded.processes import free_port
from infra.http import protocol, shield
from tests.http import shielded
from tests.http.test_strict_json import REFUSED

ROOT = Path(__file__).parents[2]
MIB = 2**20
PATIENCE = 20  # seconds after which an answer counts as not given


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        said = json.loads(self.body)
        assert said["status"] == self.status
        return said["code"]


class Service(NamedTuple):
    port: int
    process: psutil.Process
    ping: str

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            yield connection

    def told(self, *parts: bytes) -> Answer:
        """What is answered to these bytes; a connection that is closed before all was sent is no matter."""
        with self.connected() as connection:
            send(connection, *parts)
            return answer(connection)

    def answers_others(self) -> bool:
        with urlopen(f"http://127.0.0.1:{self.port}{self.ping}", timeout=PATIENCE) as response:
            return response.status == 200

    def memory(self) -> int:
        return self.process.memory_info().rss


def send(connection: socket.socket, *parts: bytes) -> None:
    with suppress(ConnectionError):
        for part in parts:
            connection.sendall(part)


def answer(connection: socket.socket) -> Answer:
    """The first answer on this connection."""
    with connection.makefile("rb") as said:
        line = said.readline().decode()
        headers = {}
        while (header := said.readline().strip().decode()) != "":
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        return Answer(int(line.split()[1]), headers, said.read(int(headers.get("content-length", 0))))


def is_hung_up_on(connection: socket.socket) -> bool:
    """Whether it is closed from the other side, sooner or later; what is said before does not count."""
    with suppress(ConnectionError):
        while connection.recv(MIB):
            pass
    return True


def request(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: credit", *headers, "", ""]).encode()


JSON = "Content-Type: application/json"
POST = request("POST /echo", JSON, "Content-Length: {}").decode()


def post(content: bytes) -> bytes:
    return POST.format(len(content)).encode() + content


@contextmanager
def running(command: list[str], ping: str, port: int, environment: dict[str, str] | None = None) -> Iterator[Service]:
    with subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as it:
        service = Service(port, psutil.Process(it.pid), ping)
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    assert service.answers_others()
                    break
                except OSError:
                    assert time.monotonic() < until
                    assert it.poll() is None
                    time.sleep(0.1)
            yield service
        finally:
            it.terminate()


@pytest.fixture(scope="module")
def service():
    """Its bounds are soon met."""
    port = free_port()
    with running(["tests.http.shielded", str(port)], "/ping", port) as there:
        yield there


@pytest.fixture(scope="module")
def credit(shown, tmp_path_factory):
    """`credit http`."""
    port = free_port()
    environment = os.environ | {"CREDIT_DATABASE_URL": shown, "CREDIT_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    with running(["infra.cli", "http", "--port", str(port)], "/livez", port, environment) as there:
        yield there


@pytest.fixture(autouse=True)
def unharmed(request):
    """After whatever was sent, the next one is answered."""
    yield
    for name in {"service", "credit"} & set(request.fixturenames):
        assert request.getfixturevalue(name).answers_others()


# Too much.


PURCHASES = "POST /accounts/7f9c24e8-3b12-4f6a-9d52-1c3a5b7d9e11/purchases"


@pytest.mark.parametrize(
    ("framing", "part"),
    [("Content-Length: 104857600", bytes(MIB)), ("Transfer-Encoding: chunked", b"100000\r\n" + bytes(MIB) + b"\r\n")],
    ids=["counted", "chunked"],
)
def test_a_hundred_megabytes_are_refused_and_not_kept(credit, framing, part):
    before = credit.memory()
    said = credit.told(request(PURCHASES, JSON, framing), *[part] * 100)
    assert (said.status, said.code, said.headers["connection"]) == (413, "body_too_large", "close")
    assert json.loads(said.body)["limit"] == shield.BODY_MAX
    assert credit.memory() - before < 20 * MIB


def test_a_length_is_enough_to_be_refused(credit):
    with credit.connected() as connection:
        send(connection, request(PURCHASES, JSON, f"Content-Length: {shield.BODY_MAX + 1}", "Expect: 100-continue"))
        assert answer(connection).code == "body_too_large"  # and not: go on


def test_chunks_of_one_byte_cost_no_more(service):
    assert (
        service.told(
            request("POST /echo", JSON, "Transfer-Encoding: chunked"), b"1\r\n \r\n" * 5_000, b"1\r\n1\r\n0\r\n\r\n"
        ).status
        == 200
    )
    with service.connected() as connection:
        send(connection, request("POST /echo", JSON, "Transfer-Encoding: chunked"))
        send(connection, *[(b"1;" + b"x" * 65_000 + b"\r\n1\r\n")] * 1_000)  # what chunks may say beside is not kept
        assert is_hung_up_on(connection)


def test_many_bodies_at_once_are_not_all_taken_in(service):
    almost = request("POST /echo", JSON, f"Content-Length: {MIB}") + bytes(MIB - 1)
    before = service.memory()
    with ExitStack() as stack:
        connections = [stack.enter_context(service.connected()) for _ in range(12)]
        for connection in connections:
            send(connection, almost)
        codes = [answer(connection).code for connection in connections]
    assert set(codes) == {"busy", "body_too_slow"}
    assert codes.count("body_too_slow") <= shielded.BODIES_MAX / (MIB - 1)
    assert service.memory() - before < 8 * shielded.BODIES_MAX
    assert service.told(post(b"{}")).status == 200  # what was held is held no more


FLOODS = [
    (b"X: y\r\n" * 200, "many"),
    (b"".join(b"X-%d: %s\r\n" % (n, b"y" * 7_000) for n in range(50)), "long"),
    (b"X: " + b"y" * 30 * MIB, "one without end"),
    (b"X" * 30 * MIB, "a name without end"),
    (b"X: y\r\n" * 3_000_000, "without end"),
]


@pytest.mark.parametrize("flood", [flood for flood, _ in FLOODS], ids=[name for _, name in FLOODS])
def test_a_flood_of_headers_is_refused_and_not_kept(credit, flood):
    before = credit.memory()
    said = credit.told(b"GET /livez HTTP/1.1\r\nHost: credit\r\n", flood, b"\r\n\r\n")
    assert (said.status, said.code) == (431, "headers_too_large")
    assert credit.memory() - before < 10 * MIB


def test_as_many_headers_as_are_allowed_are_heard(credit):
    said = [f"X-{n}: {'y' * 200}" for n in range(protocol.HEADERS_MAX - 1)]
    assert credit.told(request("GET /livez", *said)).status == 200


@pytest.mark.parametrize("length", [protocol.URL_MAX + 1, 5 * MIB])
def test_an_address_may_not_go_on_for_ever(credit, length):
    said = credit.told(b"GET /livez?", b"a" * length, b" HTTP/1.1\r\nHost: credit\r\n\r\n")
    assert (said.status, said.code) == (414, "url_too_long")


def test_headers_after_a_body_are_not_heard_and_not_kept(service):
    chunked = request("POST /echo", JSON, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n"
    assert service.told(chunked + b"Said: something\r\n\r\n").headers["heard"] == "nothing"
    assert (
        service.told(request("POST /echo", JSON, "Said: something", "Content-Length: 2") + b"{}").headers["heard"]
        == "something"
    )
    with service.connected() as connection:
        send(connection, chunked, b"X: y\r\n" * 500)
        assert is_hung_up_on(connection)


def test_requests_are_not_queued_without_end(service):
    before = service.memory()
    with service.connected() as connection:
        send(connection, request("GET /never") * 10_000)
        assert is_hung_up_on(connection)
    assert service.memory() - before < 30 * MIB
    with service.connected() as connection:
        send(connection, request("GET /ping") * 5)
        assert answer(connection).status == 200


# Too slowly.


def test_those_who_never_end_their_headers_make_room(service):
    with ExitStack() as stack:
        slow = [stack.enter_context(service.connected()) for _ in range(2 * shielded.CONNECTIONS_MAX)]
        for connection in slow:
            send(connection, b"GET /ping HTTP/1.1\r\nHost: cre")
        for _ in range(5):
            assert service.answers_others()
        assert all(is_hung_up_on(connection) for connection in slow)


def test_headers_must_come_in_time(service):
    with service.connected() as connection:
        send(connection, b"GET /ping HTTP/1.1\r\n")
        for _ in range(100):
            send(connection, b"X: y\r\n")
            time.sleep(0.03)
        said = answer(connection)
    assert (said.status, said.code) == (408, "request_too_slow")


def test_who_says_nothing_at_all_is_hung_up_on(service):
    with service.connected() as connection:
        for _ in range(30):
            send(connection, b"\r\n")
            time.sleep(0.1)
        assert is_hung_up_on(connection)


def test_who_asked_once_does_not_stay_for_ever(service):
    with service.connected() as connection:
        send(connection, request("GET /ping"))
        assert answer(connection).status == 200
        send(connection, b"GET /pi")
        assert is_hung_up_on(connection)


@pytest.mark.parametrize("pause", [0.1, 5], ids=["all of it", "its parts"])
def test_a_body_must_come_in_time(service, pause):
    with service.connected() as connection:
        send(connection, request("POST /echo", JSON, "Content-Length: 1000"))
        connection.settimeout(pause)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            send(connection, b" ")
            with suppress(TimeoutError):
                connection.recv(1, socket.MSG_PEEK)
                break
        connection.settimeout(PATIENCE)
        said = answer(connection)
    assert (said.status, said.code, said.headers["connection"]) == (408, "body_too_slow", "close")


def test_others_are_answered_while_many_bodies_trickle_in(service):
    with ExitStack() as stack:
        slow = [stack.enter_context(service.connected()) for _ in range(shielded.CONNECTIONS_MAX - 5)]
        for connection in slow:
            send(connection, request("POST /echo", JSON, "Content-Length: 1000"), b" ")
        for _ in range(5):
            assert service.answers_others()
        assert {answer(connection).code for connection in slow} == {"body_too_slow"}


def test_an_answer_begins_in_time(service):
    said = service.told(request("GET /never"))
    assert (said.status, said.code, said.headers["retry-after"]) == (503, "answer_too_slow", "5")


def test_who_does_not_read_is_hung_up_on(service):
    with service.connected() as connection:
        send(connection, request("GET /much"))
        until = time.monotonic() + PATIENCE
        while any(each.laddr.port == service.port and each.raddr for each in service.process.net_connections()):
            assert time.monotonic() < until
            time.sleep(0.1)


# Wrongly.


@pytest.mark.parametrize(("content", "status", "code", "pointer"), REFUSED, ids=lambda each: str(each)[:24])
def test_json_is_read_strictly(service, content, status, code, pointer):
    said = service.told(post(content))
    assert (said.status, said.code) == (status, code)
    problem = json.loads(said.body)
    assert problem["pointer"] == problem["errors"][0]["pointer"] == pointer


def test_a_large_document_is_read_as_strictly(service):
    largest = b"[" + b"0," * (MIB // 2 - 2) + b"0]"
    assert service.told(post(largest)).status == 200
    assert service.told(post(largest[:-100] + b"NaN]")).code == "json_not_a_number"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Content-Type: text/plain"],
        ["Content-Type: application/x-www-form-urlencoded"],
        ["Content-Type: application/json; charset=gbk"],
        ["Content-Type: application/json", "Content-Encoding: gzip"],
    ],
)
def test_a_body_is_json_as_it_is(service, headers):
    said = service.told(request("POST /echo", *headers, "Content-Length: 2") + b"{}")
    assert (said.status, said.code) == (415, "media_type_unsupported")


def test_the_encoding_may_be_named(service):
    named = request("POST /echo", "Content-Type: Application/JSON; charset=UTF-8", "Content-Length: 2")
    assert service.told(named + b"{}").status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # someone speaks TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        request("POST /echo", JSON, "Content-Length: 2", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        request("POST /echo", JSON, "Content-Length: 2", "Content-Length: 3") + b"{}",
        request("POST /echo", JSON, "Content-Length: 99999999999999999999999"),
        request("POST /echo", JSON, "Content-Length: -1"),
        request("GET /ping", "X: a\x00b"),
        request("GET /ping", "X y: z"),
    ],
    ids=lambda sent: repr(sent[-24:]),
)
def test_what_is_no_request_is_said_to_be_none(service, sent):
    said = service.told(sent)
    assert (said.status, said.code, said.headers["connection"]) == (400, "request_malformed", "close")


def test_no_page_of_another_origin_may_ask(service):
    for line in ("OPTIONS /echo", "OPTIONS /nowhere"):
        said = service.told(request(line, "Origin: http://elsewhere", "Access-Control-Request-Method: POST"))
        assert (said.status, said.code) == (403, "cross_origin_refused")
        assert not [name for name in said.headers if name.startswith("access-control")]
    said = service.told(request("GET /ping", "Origin: http://elsewhere"))
    assert said.status == 200
    assert not [name for name in said.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "line", ["GET /ping", "GET /nowhere", "GET /defect", "DELETE /ping", "POST /echo", "HEAD /ping"]
)
def test_every_answer_is_dressed(service, line):
    headers = service.told(request(line)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_a_page_may_load_its_own_and_nothing_else(get):
    policy = get("/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


def test_https_is_remembered_only_where_it_is_asked_for(get):
    assert get("/livez", always_https=True).headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in get("/livez").headers
