"""Models on this machine: fetch one, serve it, see what it does, let it go."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core.clients.llama_child import missing_runtime
from core.clients.local import LocalModels
from core.clients.model_catalogue import CATALOGUE
from core.clients.model_files import Workplace, download
from core.domain.agent import AgentSpec
from core.domain.endpoint import Endpoint
from core.domain.listing import AgentSummary
from core.domain.local_model import CatalogueEntry, CatalogueModel, ModelFile, ServerStatus
from core.domain.result import Err, Ok, Result
from core.errors import FaultError
from core.services.endpoint_choice import Choice
from core.services.model_downloads import Downloads, Fetch

ENDPOINT = "local"
"""The endpoint that stands for this machine."""
_log = logging.getLogger(__name__)


class AgentSource(Protocol):
    def list(self) -> Sequence[AgentSummary]: ...


class EndpointSource(Protocol):
    def get(self, name: str) -> Endpoint | None: ...

    def choose(self) -> Choice: ...

    def update(self, name: str, who: str, *, model: str) -> Result[Endpoint]: ...

    def set_default(self, name: str, who: str) -> Result[Endpoint]: ...


class LocalModelService:
    """Every method but `delete` and `stop` returns at once. Models are named by their file."""

    def __init__(
        self,
        models: LocalModels,
        agents: AgentSource,
        endpoints: EndpointSource,
        catalogue: tuple[CatalogueModel, ...] = CATALOGUE,
        fetch: Fetch = download,
    ) -> None:
        self._models, self._agents, self._endpoints = models, agents, endpoints
        self._catalogue = {model.file: model for model in catalogue}
        self._downloads = Downloads(models.folder, fetch)
        self._starting: set[str] = set()
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where a person puts files of their own."""
        return self._models.folder.path

    def unavailable(self) -> str:
        """Why no model can be served on this machine; a sentence, or empty."""
        return missing_runtime()

    def catalogue(self) -> tuple[CatalogueEntry, ...]:
        """What is offered for download, and what of it is here."""
        return tuple(self._entry(model) for model in self._catalogue.values())

    def files(self) -> tuple[ModelFile, ...]:
        """What can be served, and notes on files that are not where they were."""
        names = {*self._models.names(), *self._models.folder.elsewhere()}
        return tuple(self._described(name) for name in sorted(names))

    def own_files(self) -> tuple[ModelFile, ...]:
        """Files that are not of the catalogue."""
        return tuple(file for file in self.files() if file.name not in self._catalogue)

    def file(self, name: str) -> ModelFile | None:
        return next((file for file in self.files() if file.name == name), None)

    def download(self, name: str, who: str) -> Result[str]:
        """Fetch a model of the catalogue in the background, from where an earlier download was left."""
        if missing := self.unavailable():
            return Err("unavailable", missing)
        if (model := self._catalogue.get(name)) is None:
            return Err("not_found", f"The catalogue has no model named {name}.")
        if self._entry(model).state == "ready":
            return Err("conflict", f"{model.title} is here already.")
        _log.info("download of %s started by %r", name, who)
        self._downloads.start(model)
        return Ok(name)

    def cancel(self, name: str, who: str) -> None:
        """Stop a download; what had come is kept."""
        _log.info("download of %s stopped by %r", name, who)
        self._downloads.cancel(name)

    def add_file(self, path: str, who: str) -> Result[str]:
        """Have a file of the person's own served where it is; its name."""
        try:
            name = self._models.folder.add(Path(path.strip().strip('"')).expanduser())
        except FaultError as error:
            return Err("invalid", error.fault.message, "path")
        _log.info("model file %s added by %r", name, who)
        return Ok(name)

    def delete(self, name: str, who: str) -> Result[str]:
        """End its process and delete the file with all that was downloaded of it; one elsewhere is only forgotten."""
        _log.info("model file %s deleted by %r", name, who)
        self._downloads.end(name)
        self._downloads.forget_failure(name)
        model = self._catalogue.get(name)
        if model is not None:
            Workplace(self._models.folder, model).clear()
        if model is not None and name not in self._models.names():
            return Ok(name)
        return self._delete_file(name, who)

    def use(self, name: str, who: str) -> Result[Endpoint]:
        """Have this model answer wherever an agent names no endpoint."""
        chosen = self._endpoints.update(ENDPOINT, who, model=name)
        return chosen if isinstance(chosen, Err) else self._endpoints.set_default(ENDPOINT, who)

    def start(self, name: str, who: str) -> Result[str]:
        """Load a model in the background; `status` tells how it goes. A question to it would do the same."""
        if missing := self.unavailable():
            return Err("unavailable", missing)
        if name not in self._models.names():
            return Err("not_found", f"There is no local model named {name}.")
        with self._lock:
            if name in self._starting:
                return Ok(name)
            self._starting.add(name)
        _log.info("local model %s started by %r", name, who)
        threading.Thread(target=self._serve, args=(name,), name=f"start {name}", daemon=True).start()
        return Ok(name)

    def stop(self, name: str, who: str) -> Result[str]:
        """End its process; an answer under way breaks off."""
        _log.info("local model %s stopped by %r", name, who)
        try:
            self._models.stop(name)
        except FaultError as error:
            return Err("not_found", error.fault.message)
        return Ok(name)

    def status(self, name: str) -> ServerStatus:
        """What the model's process does now."""
        try:
            found = self._models.status(name)
        except FaultError as error:
            return ServerStatus(state="failed", message=error.fault.message)
        is_coming = name in self._starting and found.state in {"stopped", "failed"}
        return ServerStatus(state="starting") if is_coming else found

    def used_by(self, name: str) -> tuple[str, ...]:
        """Names of the agents that this model would answer for now."""
        here = self._endpoints.get(ENDPOINT)
        if here is None:
            return ()
        chosen = self._endpoints.choose().endpoint.name
        return tuple(
            summary.agent.name for summary in self._agents.list() if _model_of(summary.spec, chosen, here.model) == name
        )

    def close(self) -> None:
        """End downloads and processes. What had come is kept."""
        self._downloads.close()
        self._models.stop()

    def _entry(self, model: CatalogueModel) -> CatalogueEntry:
        if progress := self._downloads.progress(model.file):
            return CatalogueEntry(model=model, state=progress[0], download=progress[1])
        place, failure = Workplace(self._models.folder, model), self._downloads.failure(model.file)
        if model.file in self._models.names():
            problem = self._problem(model)
            return CatalogueEntry(model=model, state="broken" if problem else "ready", message=problem)
        if place.wrong.exists():
            message = failure or f"What came was not this file; it lies at {place.wrong}. Download it again."
            return CatalogueEntry(model=model, state="broken", message=message)
        return CatalogueEntry(model=model, state="absent", kept_bytes=place.kept_bytes(), message=failure)

    def _problem(self, model: CatalogueModel) -> str:
        size_bytes = self._models.folder.size_bytes(model.file)
        if size_bytes == model.size_bytes:
            return ""
        return (
            f"The file here has {size_bytes:,} bytes instead of {model.size_bytes:,}. Delete it and download it again."
        )

    def _described(self, name: str) -> ModelFile:
        folder = self._models.folder
        elsewhere = folder.elsewhere().get(name)
        try:
            path = folder.file(name)
            header, size_bytes = folder.header(name), folder.size_bytes(name)
        except FaultError as error:
            there = elsewhere or folder.path / name
            size_bytes = there.stat().st_size if there.is_file() else 0
            problem = error.fault.message if there.is_file() else f"It is not at {there} any more."
            return ModelFile(
                name=name, path=str(there), size_bytes=size_bytes, is_elsewhere=elsewhere is not None, problem=problem
            )
        return ModelFile(
            name=name,
            path=str(path),
            size_bytes=size_bytes,
            title=header.name,
            licence=header.licence,
            context_tokens=header.context_tokens,
            supports_tools=self._models.supports_tools(name),
            is_elsewhere=elsewhere is not None,
        )

    def _delete_file(self, name: str, who: str) -> Result[str]:
        here = self._endpoints.get(ENDPOINT)
        if here is not None and here.model == name:
            self._endpoints.update(ENDPOINT, who, model="")
        try:
            if name in self._models.names():
                self._models.stop(name)
            self._models.folder.remove(name)
        except FaultError as error:
            return Err("not_found", error.fault.message)
        return Ok(name)

    def _serve(self, name: str) -> None:
        try:
            self._models.serving(name)
        except FaultError as error:
            _log.warning("local model %s: %s", name, error.fault.message)
        finally:
            with self._lock:
                self._starting.discard(name)


def _model_of(spec: AgentSpec, chosen: str, default_model: str) -> str:
    """The local model that answers for a spec; empty: none does."""
    return (spec.model or default_model) if (spec.endpoint or chosen) == ENDPOINT else ""
