"""A wire to the database that can be cut at the worst moment: after the commit, before its reply."""

import socket
from contextlib import suppress
from threading import Thread
from urllib.parse import urlsplit


class Wire:
    """Forwards bytes between a client and PostgreSQL; `url` leads through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{self._listening.getsockname()[1]}")
        self.cuts = 0
        self._cut_next_reply = False
        Thread(target=self._accept, daemon=True).start()

    def cut_next_reply(self) -> None:
        """Lose the server's next reply, and the connection with it."""
        self._cut_next_reply = True

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                try:
                    server = socket.create_connection(self._server)
                except OSError:
                    client.close()
                    continue
                Thread(target=self._forward, args=(client, server), daemon=True).start()
                Thread(target=self._reply, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server:
            while data := client.recv(65_536):
                server.sendall(data)

    def _reply(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), client:
            while data := server.recv(65_536):
                if self._cut_next_reply:
                    self._cut_next_reply = False
                    self.cuts += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)
