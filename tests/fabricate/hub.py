"""A model hub and a plain web server on 127.0.0.1, as polite or as rude as one likes."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest

PORTAL = b"<!DOCTYPE html><html><body>Please sign in</body></html>"
Manner = Literal["polite", "portal", "page", "down", "gated", "deaf", "careless", "plain"]
"""Of a server: `portal` answers everything with an HTML page, `page` sends one in place of a file's content,
`down` answers 503, `gated` asks to be let in, `deaf` ignores ranges, `careless` gives the rest of a
file though it changed, `plain` has no ETags."""


@dataclass
class Repo:
    """A repository with one commit."""

    files: dict[str, bytes]
    commit: str = "a" * 40


@dataclass
class Hub:
    """What is served, how, and what was asked for."""

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    plain: dict[str, bytes] = field(default_factory=dict)
    """Path, as `/models/x.pth`, to content."""
    manner: Manner = "polite"
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the next bodies break off."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and range of each request."""


@contextmanager
def serving() -> Iterator[Hub]:
    """Gives a hub that answers as long as the context lasts."""
    hub = Hub()
    server = _Server(hub)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        self.server.hub.asked.append((self.command, self.path, self.headers.get("Range", "")))
        if self.server.hub.manner == "portal":
            self._send(200, PORTAL, {"Content-Type": "text/html"})
        elif self.server.hub.manner == "down":
            self._send(503, b"", {})
        elif self.path in self.server.hub.plain:
            self._file(self.server.hub.plain[self.path], {})
        elif "/resolve/" in self.path:
            self._file_of_repo()
        else:
            self._send(404, b"", {})

    def _file_of_repo(self) -> None:
        name, _, rest = self.path.removeprefix("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        repo = self.server.hub.repos.get(name)
        if repo is None:
            self._send(401, b"", {"X-Error-Code": "RepoNotFound"})
        elif self.server.hub.manner == "gated":
            self._send(401, b"", {"X-Error-Code": "GatedRepo"})
        elif revision not in ("main", repo.commit):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif file not in repo.files:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": repo.commit})
        else:
            content = repo.files[file]
            linked = {"X-Linked-Etag": f'"{_sha256(content)}"', "X-Linked-Size": str(len(content))}
            self._file(content, {"X-Repo-Commit": repo.commit, **linked})

    def _file(self, content: bytes, headers: dict[str, str]) -> None:
        if self.server.hub.manner == "page" and self.command == "GET":
            # As long as the file, so that the size gives nothing away.
            content = PORTAL.ljust(len(content))
        if self.server.hub.manner != "plain":
            headers = {**headers, "ETag": f'"{_sha256(content)}"', "Accept-Ranges": "bytes"}
        start = self._start(headers.get("ETag", ""))
        if 0 < start < len(content):
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(206, content[start:], headers)
        else:
            self._send(416 if start else 200, content, headers)

    def _start(self, etag: str) -> int:
        manner, wanted = self.server.hub.manner, self.headers.get("Range", "")
        has_changed = self.headers.get("If-Range", etag) != etag and manner != "careless"
        if not wanted or has_changed or manner in ("deaf", "plain"):
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: self.server.hub.cuts.pop(0)] if self.server.hub.cuts else body)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextmanager
def hub_at_hand(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Gives a hub to which huggingface_hub is turned; all caches are in the folder.

    The library reads its settings when it is imported, so that they are changed in it.
    """
    from huggingface_hub import close_session, constants, file_download
    from huggingface_hub.utils import _http

    with serving() as hub:
        settings = {
            "ENDPOINT": hub.url,
            "HUGGINGFACE_CO_URL_TEMPLATE": f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
            "HF_URL_HOSTS": frozenset({"127.0.0.1"}),
            "HF_HUB_CACHE": str(folder / "hub"),
            "HF_HUB_OFFLINE": False,
            "HF_HUB_DISABLE_TELEMETRY": True,
            "HF_TOKEN_PATH": str(folder / "token"),
        }
        for name, value in settings.items():
            monkeypatch.setattr(constants, name, value)
        for module in (file_download, _http):
            monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None, time=time.time))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("TORCH_HOME", str(folder / "torch"))
        monkeypatch.setenv("TRANSFERBENCH_CACHE", str(folder / "own"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        close_session()
        yield hub
        close_session()
