"""Lists of models on the disk: a new process knows what an older one was told, and since when."""

import hashlib
import logging
import tempfile
from pathlib import Path

import msgspec

from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelList

_log = logging.getLogger(__name__)


class ListStore:
    """One file an endpoint. A list that cannot be read or written is none: it is only asked for again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, endpoint: Endpoint) -> ModelList | None:
        """The last list that was told for this address with the key of this name."""
        try:
            return msgspec.json.decode(self._path(endpoint).read_bytes(), type=ModelList)
        except (OSError, msgspec.MsgspecError):
            return None

    def save(self, endpoint: Endpoint, told: ModelList) -> None:
        path = self._path(endpoint)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent) as aside:
                whole = Path(aside, path.name)
                whole.write_bytes(msgspec.json.encode(told))
                whole.replace(path)  # readers of other processes see the old one or the new one
        except OSError as error:
            _log.warning("the list of models of %s is not kept: %s", endpoint.name, error)

    def _path(self, endpoint: Endpoint) -> Path:
        named = msgspec.json.encode((endpoint.name, endpoint.base_url, endpoint.secret))
        return self._folder / f"{hashlib.sha256(named).hexdigest()[:32]}.json"
