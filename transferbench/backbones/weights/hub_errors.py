"""What goes wrong with a model hub, in words; called once huggingface_hub is known to be there."""

from __future__ import annotations

from transferbench.backbones.weights.sources import HubFile
from transferbench.errors import WeightsError

NAMES = ("model.safetensors", "pytorch_model.bin")
"""Of weights, the first that a repository has; the second is a pickle."""


def failures() -> tuple[type[Exception], ...]:
    """Returns what a download may raise."""
    from huggingface_hub.errors import HfHubHTTPError

    # The first base of this error is the root of the errors of the library's HTTP client, which is another
    # one in other versions; a RuntimeError is of its client in Rust.
    return OSError, ValueError, RuntimeError, HfHubHTTPError.__bases__[0]


def is_absence(error: Exception) -> bool:
    """Whether the hub, or the cache where nothing else may be looked at, says that there is no such file."""
    from huggingface_hub.errors import OfflineModeIsEnabled, RemoteEntryNotFoundError

    return isinstance(error, RemoteEntryNotFoundError) or isinstance(error.__cause__, OfflineModeIsEnabled)


def complaint(error: Exception, place: HubFile, source: str) -> WeightsError:
    """Returns what went wrong.

    Args:
        error: one of `failures`.
        place: that was asked for.
        source: that names it, in the user's words.
    """
    from huggingface_hub.errors import LocalEntryNotFoundError

    # The library says in general words that a file cannot be located; what happened is the cause.
    is_unreached = isinstance(error, LocalEntryNotFoundError) and error.__cause__ is not None
    cause = error.__cause__ if is_unreached else error
    files = repr(place.file) if place.file else " or ".join(map(repr, NAMES))
    for kind, words in _refusals(place, files).items():
        if isinstance(cause, kind):
            return WeightsError(f"{source}: expected {words}")
    expected = f"{source}: expected {files} of {place.repo}"
    return WeightsError(f"{expected}, found {_accident(cause, is_unreached=is_unreached)}")


def _refusals(place: HubFile, files: str) -> dict[type[Exception], str]:
    """Returns expectation, finding and advice by what was raised, the particular before the general."""
    from huggingface_hub import constants, errors

    hub, page = constants.ENDPOINT, f"{constants.ENDPOINT}/{place.repo}"
    return {
        errors.OfflineModeIsEnabled: f"{files} of {place.repo} in {constants.HF_HUB_CACHE}, found nothing "
        "there and HF_HUB_OFFLINE set; unset it, or fill the cache where there is a network",
        errors.GatedRepoError: f"{files} of {place.repo}, found a repository that asks to be let in; "
        f"accept its terms at {page} and log in with `hf auth login`",
        errors.RepositoryNotFoundError: f"a repository {place.repo} at {hub}, found none that is public; "
        "check the name, or log in with `hf auth login`",
        errors.RevisionNotFoundError: f"a revision {place.revision!r} of {place.repo}, found none; "
        "name a branch, a tag or a whole commit, or leave it out",
        errors.RemoteEntryNotFoundError: f"{files} in {place.repo}, found no such file; "
        f"look at {page}/tree/{place.revision or 'main'} and name one with ':FILE'",
        errors.FileMetadataError: f"a hub at {hub}, found an answer of another kind; "
        "sign in to the network if it asks for that, or set HF_ENDPOINT to a hub",
        errors.HFValidationError: f"the name of a repository, found {place.repo!r}; write it as ORG/REPO",
    }


def _accident(cause: BaseException | None, *, is_unreached: bool) -> str:
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError

    detail = (str(cause) or type(cause).__name__).splitlines()[0]
    if isinstance(cause, HfHubHTTPError):
        status = cause.response.status_code
        advice = "log in with `hf auth login`" if status in (401, 403) else "try again later"
        return f"HTTP {status} from {constants.ENDPOINT}; {advice}"
    if is_unreached:
        return f"no answer from {constants.ENDPOINT} ({detail}); check the network and HF_ENDPOINT"
    if isinstance(cause, ValueError):
        return f"a fault ({detail}); take another source"
    if isinstance(cause, OSError) and cause.errno is not None:
        return (
            f"{cause.strerror!r} where the cache is, {constants.HF_HUB_CACHE}; "
            "make room there, or set HF_HOME to another folder"
        )
    return f"a download that broke off ({detail}); try again"
