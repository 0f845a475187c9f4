"""Large files of a model hub, from where a broken-off download stopped.

huggingface_hub goes on within one call alone; after a kill it starts anew. So the content of a large file is
put where its cache keeps contents, under the sha256 that the hub states, and the library finds it there.
"""

from __future__ import annotations

import re
from pathlib import Path

from transferbench.backbones.weights.hub_errors import failures
from transferbench.backbones.weights.sources import HubFile, Report, WebFile
from transferbench.backbones.weights.web import web_file
from transferbench.errors import WeightsError

_TRIES = 4


def fetch_content(place: HubFile, name: str, *, source: str, report: Report) -> None:
    """Downloads a file's content to the library's cache, or goes on with it; nothing if it is there.

    Does nothing either where the cache has some version of it, where the hub cannot be asked, or where it
    states no sha256, as of small files: then the library sees to it, or says what is wrong.

    Args:
        place: of the file.
        name: of the file in its repository.
        source: that names it, in the user's words.
        report: of progress.

    Raises:
        WeightsError: the download breaks off again and again; what came is kept.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.file_download import repo_folder_name

    if isinstance(try_to_load_from_cache(place.repo, name, revision=place.revision), str):
        return
    try:
        facts = get_hf_file_metadata(hf_hub_url(place.repo, name, revision=place.revision))
    except failures():
        return
    if facts.location is None or re.fullmatch("[0-9a-f]{64}", facts.etag or "") is None:
        return
    folder = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=place.repo, repo_type="model") / "blobs"
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            content = WebFile(facts.location, facts.etag)
            web_file(content, folder, source=source, report=report, home="HF_HOME")
            return
        except WeightsError:
            if last:
                raise
