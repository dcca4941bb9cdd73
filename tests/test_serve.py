"""`credit serve`: what it announces is so when it announces it, and all of it ends with it."""

import os
import signal
import subprocess
import sys
import time
from urllib.request import Request, urlopen

import pytest

from infra.embedded.processes import free_port


@pytest.fixture
def environment(database_url, bootstrap_servers, topic_prefix, tmp_path):
    return os.environ | {
        "CREDIT_DATABASE_URL": database_url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CREDIT_TOPIC_PREFIX": topic_prefix,
        "CREDIT_DATA_DIR": str(tmp_path),
    }


def test_it_is_announced_when_http_answers(environment, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "infra.cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as service:
        announced = service.stdout.readline()
        assert f"http://127.0.0.1:{port}/accounts/<id>" in announced
        with urlopen(Request(f"http://127.0.0.1:{port}/livez", method="HEAD"), timeout=5) as answer:
            assert (answer.status, answer.read()) == (200, b"")
        log = tmp_path / "logs" / "serve.log"
        until = time.monotonic() + 30
        while not log.exists() or " relay: leads for " not in log.read_text():
            assert time.monotonic() < until
            time.sleep(0.1)
        service.send_signal(signal.SIGINT)
        assert service.wait(40) == 0
