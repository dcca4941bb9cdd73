"""`credit serve`: the whole service in one process group, until Ctrl-C."""

import socket
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.streams import stopped_by_signals
from infra.faults import Fault
from infra.installation import Installation, install
from infra.settings import Settings
from infra.supervisor import PROGRAMS, Supervisor

HOST = "127.0.0.1"
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Where the HTTP API listens, on loopback.")]


def serve(port: Port = 8_080) -> None:
    """Run the relay, the four views and the HTTP API; what was killed is started again. Ctrl-C stops all of it."""
    stop = stopped_by_signals()
    _check_free(port)
    there = install(report=lambda text: print(text, file=sys.stderr))
    log = Settings.load().data_dir / "logs" / "serve.log"
    programs = PROGRAMS | {"http": ["http", "--port", str(port)]}
    with Supervisor(programs, there.environment(), log) as running:
        while not (stop.is_set() or _answers(port)):
            running.check()
            stop.wait(0.1)
        if not stop.is_set():
            _announce(port, there, log)
            _tell_first_key(there)
            _tell_master_key(there)
        while not stop.wait(0.5):
            running.check()
    print("Stopped; PostgreSQL and Kafka go on until `credit servers stop`.")


def http(port: Port = 8_080) -> None:
    """Answer HTTP requests on loopback until SIGTERM; requests in flight are finished."""
    from infra.http import create_app, server
    from infra.supervisor import end_with_parent
    from infra.telemetry import logs, traces

    end_with_parent()
    settings = Settings.load()
    logs.begin(settings, "http")
    traces.begin(settings, "http")
    server.run(create_app(settings), settings, HOST, port)


def _announce(port: int, there: Installation, log: Path) -> None:
    print(f"HTTP API        http://{HOST}:{port}/accounts/<id>  (all of it: /docs; try it: /docs/try)")
    print(f"Kafka           {there.bootstrap_servers}  topic {there.topic}")
    print("Look            credit events tail | credit account show ID | credit views status | credit relay status")
    print(f"Log             {log}")
    print("Keys            credit keys create --role ... --name ...")
    print("Stop            Ctrl-C", flush=True)


def _tell_first_key(there: Installation) -> None:
    """Nothing is open without a key, so the first start makes one: it is told here and kept nowhere."""
    from infra.access.issuing import first_key

    issued = first_key(there.access_url)
    if issued is not None:
        print(f"First key       {issued.text}")
        print(
            f"                role {issued.key.role}; keep it, it is not shown again (credit keys create makes others)"
        )
        sys.stdout.flush()


def _tell_master_key(there: Installation) -> None:
    """Where nobody gives a key for personal data, the first start makes one, and whoever runs it must know."""
    from infra.cli.vault import asked

    made = asked(there, lambda vault: vault.begin())
    if made is not None:
        print(f"Vault key       {made}")
        print(
            "                made for personal data; keep a copy elsewhere, for without it they cannot be read "
            "(or give your own: CREDIT_VAULT_KEY)"
        )
        sys.stdout.flush()


def _answers(port: int) -> bool:
    asked = HTTPConnection(HOST, port, timeout=2)
    try:
        asked.request("GET", "/livez")
        return asked.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as taken:
            raise Fault(f"Port {port} is taken: stop what listens there, or choose another with --port.") from taken
