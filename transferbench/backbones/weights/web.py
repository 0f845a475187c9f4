"""Files of a web server, whole or not at all; what was interrupted goes on where it stopped."""

from __future__ import annotations

import hashlib
import http.client
import os
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from transferbench.backbones.weights.first_use import alone
from transferbench.backbones.weights.sources import Download, Report, WebFile
from transferbench.errors import WeightsError

_CHUNK_BYTES = 1 << 20
_PATIENCE_SECONDS = 30


def web_file(
    place: WebFile, folder: Path, *, source: str, report: Report, home: str = "TORCH_HOME"
) -> Download:
    """Returns the file, downloaded to the folder unless it is there.

    The part that an interrupted download leaves is gone on with as long as the server's ETag is the same.

    Args:
        place: the file.
        folder: made if it is not there.
        source: that names it, in the user's words.
        report: of progress.
        home: variable that says where such folders are.

    Raises:
        WeightsError: the server or the disk fails, or the file's hash is not what its name says.
    """
    path = folder / place.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            if path.is_file():
                _require_sha256(place, path, source, path)
            else:
                _download(place, path, source, report)
    except HTTPError as error:
        with error:
            raise WeightsError(
                f"{source}: expected {place.url}, found HTTP {error.code} ({error.reason}); "
                "try again later, or take another source"
            ) from error
    except URLError as error:
        raise WeightsError(
            f"{source}: expected {place.url}, found no answer ({error.reason}); "
            "check the network and try again"
        ) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _broken_off(place, source, repr(error)) from error
    except OSError as error:
        raise WeightsError(
            f"{source}: expected to write {path}, found {error.strerror or error!r}; "
            f"make room there, or set {home} to another folder"
        ) from error
    return Download(path, place, key=place.url)


def _download(place: WebFile, path: Path, source: str, report: Report) -> None:
    part, tag_file = (path.with_name(f"{path.name}.{end}") for end in ("part", "part.etag"))
    response, is_rest = _open(place, part, tag_file)
    with response:
        if response.headers.get_content_type() == "text/html":
            raise WeightsError(
                f"{source}: expected weights at {place.url}, found an HTML page; "
                "sign in to the network if it asks for that, and try again"
            )
        tag_file.write_text(_etag_of(response))
        done = part.stat().st_size if is_rest else 0
        length = response.headers["Content-Length"]
        total = None if length is None else done + int(length)
        with part.open("ab" if is_rest else "wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                report(done, total)
            file.flush()
            os.fsync(file.fileno())
    if total is not None and done != total:
        raise _broken_off(place, source, f"{done} of {total} bytes")
    try:
        _require_sha256(place, part, source, path)
    except WeightsError:
        part.unlink()
        raise
    finally:
        tag_file.unlink()
    part.replace(path)


def _open(place: WebFile, part: Path, tag_file: Path) -> tuple[http.client.HTTPResponse, bool]:
    """Returns an answer, and whether it is the rest of the part that is there, else it is the whole file."""
    tag = tag_file.read_text() if tag_file.is_file() else ""
    start = part.stat().st_size if tag and part.is_file() else 0
    if start:
        rest = Request(place.url, headers={**_HEADERS, "Range": f"bytes={start}-", "If-Range": tag})
        try:
            response = urlopen(rest, timeout=_PATIENCE_SECONDS)
            if response.status == 200:
                return response, False
            is_rest = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
            if is_rest and _etag_of(response) == tag:
                return response, True
            response.close()
        except HTTPError as error:
            with error:
                if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
    return urlopen(Request(place.url, headers=_HEADERS), timeout=_PATIENCE_SECONDS), False


_HEADERS = {"User-Agent": "transferbench"}


def _etag_of(response: http.client.HTTPResponse) -> str:
    """Returns the ETag if bytes can be relied on to be the same under it, else nothing."""
    tag: str = response.headers.get("ETag", "")
    return "" if tag.startswith("W/") else tag


def _require_sha256(place: WebFile, found: Path, source: str, path: Path) -> None:
    with found.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not sha256.startswith(place.sha256_start):
        advice = f"remove {path} and try again" if found == path else "nothing was kept; try again later"
        raise WeightsError(
            f"{source}: expected a sha256 that starts with {place.sha256_start!r}, as the name of "
            f"{place.url} says, found {sha256}; {advice}"
        )


def _broken_off(place: WebFile, source: str, found: str) -> WeightsError:
    return WeightsError(
        f"{source}: expected all of {place.url}, found a download that broke off ({found}); "
        "try again: it goes on where it stopped"
    )
