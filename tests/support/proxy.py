"""Something between us and PostgreSQL that can stop passing anything on while every connection stays open (F13)."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

_SOCKET: Final = ".s.PGSQL.5432"


class Proxy:
    """`url` leads through it. What comes while it `swallows` is lost."""

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        self._server = f"{parsed.query['host']}/{_SOCKET}"
        self.url = parsed.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
        self.swallows = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / _SOCKET))
        self._listening.listen()
        self._open: list[socket.socket] = [self._listening]
        self._start(self._accept)

    def close(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._open += [client, server]
                self._start(self._pass_on, client, server)
                self._start(self._pass_on, server, client)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if not self.swallows:
                    target.sendall(chunk)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *given: socket.socket) -> None:
        threading.Thread(target=work, args=given, daemon=True).start()  # type: ignore[arg-type]


@contextlib.contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path is short
        proxy = Proxy(url, Path(folder))
        try:
            yield proxy
        finally:
            proxy.close()
