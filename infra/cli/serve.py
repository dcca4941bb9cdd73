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
        while not stop.wait(0.5):
            running.check()
    print("Stopped; PostgreSQL and Kafka go on until `credit servers stop`.")


def http(port: Port = 8_080) -> None:
    """Answer HTTP requests on loopback until SIGTERM; requests in flight are finished."""
    from infra.http import create_app
    from infra.http.server import run
    from infra.supervisor import end_with_parent

    end_with_parent()
    run(create_app(Settings.load()), HOST, port)


def _announce(port: int, there: Installation, log: Path) -> None:
    print(f"HTTP API        http://{HOST}:{port}/accounts/<id>  (also /balance, /credit-report, /history; /docs)")
    print(f"Kafka           {there.bootstrap_servers}  topic {there.topic}")
    print("Look            credit events tail | credit account show ID | credit views status | credit relay status")
    print(f"Log             {log}")
    print("Stop            Ctrl-C", flush=True)


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
