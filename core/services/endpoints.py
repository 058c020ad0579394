"""Endpoints: where models are served, which one answers, and whether it does."""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.address import address_problem, host_name, kind_at
from core.domain.endpoint import Compatibility, Endpoint, EndpointLimits
from core.domain.model_info import ModelInfo, ModelList
from core.domain.result import Err, Ok, Result
from core.domain.serving import Pin, pinned
from core.errors import ConfigurationError
from core.repositories.endpoints import EndpointRepository
from core.repositories.preferences import PreferenceRepository
from core.services.connections import Connections
from core.services.endpoint_asking import HEALTH_GOOD_S, LIST_GOOD_S, EndpointAsker
from core.services.endpoint_choice import Choice, choose_from, unknown
from core.services.endpoint_health import Answer, EndpointHealth, health_of
from core.services.keeping import keep
from core.services.latest import Known
from core.services.list_store import ListStore
from core.services.secrets import HUGGING_FACE_TOKEN, SecretService
from core.settings import Settings

__all__ = ["DEFAULT_ROUTER_MODEL", "Choice", "EndpointHealth", "EndpointService"]

DEFAULT_ROUTER_MODEL = "openai/gpt-oss-20b"
"""Small and cheap, calls tools reliably, and several of the router's providers serve it. A person may change it."""
DEMO = Endpoint(name="demo", kind="demo", model="demo")
CHECK_LIMIT_S = 10.0
LOOK_LIMIT_S = 5.0
PIN_LIMIT_S = 3.0
PIN_GOOD_FOR = timedelta(hours=1)
_DEFAULT = "default_endpoint"
IMAGES_PATIENCE_S = 3.0
"""The start of a run with an image waits this long for the list that says who can see."""
Endpoints = list[Endpoint]
_log = logging.getLogger(__name__)


class EndpointService:
    """Built-in endpoints (environment, this machine, the demo) and those that people added."""

    def __init__(self, engine: Engine, settings: Settings, secrets: SecretService, connections: Connections) -> None:
        """Raises `ConfigurationError` when HF_API_URL cannot be used."""
        if problem := address_problem(settings.hf_api_url):
            raise ConfigurationError(f"HF_API_URL cannot be used. {problem}")
        self._engine, self._settings = engine, settings
        self._secrets, self._connections = secrets, connections
        self._asker = EndpointAsker(connections, ListStore(settings.home / "model_lists"))

    def list(self) -> Endpoints:
        """In the order in which one is chosen where nobody says which."""
        configured, local = self._configured(), self._local()
        with UnitOfWork(self._engine) as unit:
            first = [_as_changed(unit, configured)] if configured else []
            last = [_as_changed(unit, local)] if local else []
            return [*first, *EndpointRepository(unit.session).list(), *last, DEMO]

    def get(self, name: str) -> Endpoint | None:
        return next((endpoint for endpoint in self.list() if endpoint.name == name), None)

    def choose(self, name: str = "") -> Choice:
        """The endpoint that answers, why, and what would be better. A name nobody has gives one that cannot be used."""
        endpoints = self.list()
        if not name:
            with UnitOfWork(self._engine) as unit:
                preferred = PreferenceRepository(unit.session).get(_DEFAULT).get("name", "")
            return choose_from(endpoints, preferred)
        named = [endpoint for endpoint in endpoints if endpoint.name == name]
        return choose_from(named, name, why="The agent names it.") if named else unknown(name)

    def add(
        self,
        name: str,
        base_url: str,
        who: str,
        secret: str = "",
        model: str = "",
        compatibility: Compatibility | None = None,
        limits: EndpointLimits | None = None,
    ) -> Result[Endpoint]:
        """A server that speaks the OpenAI chat-completions protocol."""
        name, base_url = name.strip(), base_url.strip()
        if problem := address_problem(base_url):
            return Err("invalid", problem, "base_url")
        if self._is_built_in(name):
            return Err("conflict", f"{name} is the name of a built-in endpoint.", "name")
        if limits is not None and (refusal := _limits_problem(limits)):
            return refusal
        wanted = Endpoint(
            name=name,
            kind=kind_at(base_url),
            base_url=base_url,
            secret=secret.strip(),
            model=model.strip(),
            compatibility=compatibility or Compatibility(),
            limits=limits or EndpointLimits(),
        )
        with UnitOfWork(self._engine) as unit:
            return keep(unit, EndpointRepository(unit.session).add(wanted, who))

    def update(
        self,
        name: str,
        who: str,
        base_url: str | None = None,
        secret: str | None = None,
        model: str | None = None,
        compatibility: Compatibility | None = None,
        limits: EndpointLimits | None = None,
    ) -> Result[Endpoint]:
        """Change what is given. Of a built-in endpoint the address and the key are no choice."""
        if base_url is not None and (problem := address_problem(base_url.strip())):
            return Err("invalid", problem, "base_url")
        if limits is not None and (refusal := _limits_problem(limits)):
            return refusal
        texts = {"base_url": base_url, "secret": secret, "model": model}
        changes: dict[str, Any] = {field: text.strip() for field, text in texts.items() if text is not None}
        if compatibility is not None:
            changes["compatibility"] = compatibility
        if limits is not None:
            changes["limits"] = limits
        _log.info("endpoint %s: %s changed by %r", name, ", ".join(changes), who)
        if self._is_built_in(name):
            return self._change_built_in(name, changes, who)
        with UnitOfWork(self._engine) as unit:
            return keep(unit, EndpointRepository(unit.session).update(name, **changes))

    def delete(self, name: str, who: str = "") -> Result[str]:
        """The name of what is gone. Agents that name it have no endpoint then."""
        if self._is_built_in(name):
            return Err("refused", f"{name} is built in. It goes when what it rests on goes: a token, a model file.")
        _log.info("endpoint %s deleted by %r", name, who)
        with UnitOfWork(self._engine) as unit:
            preferences = PreferenceRepository(unit.session)
            if preferences.get(_DEFAULT).get("name") == name:
                preferences.delete(_DEFAULT)
            return keep(unit, EndpointRepository(unit.session).delete(name))

    def set_default(self, name: str, who: str) -> Result[Endpoint]:
        """The endpoint that answers where an agent names none. An empty name leaves it to the server again."""
        chosen = self.get(name) if name else None
        if name and chosen is None:
            return Err("not_found", f"There is no endpoint named {name}.", "name")
        with UnitOfWork(self._engine) as unit:
            put = keep(unit, PreferenceRepository(unit.session).put(_DEFAULT, {"name": name}, who))
        return put if isinstance(put, Err) else Ok(chosen or self.choose().endpoint)

    def check(self, name: str, limit_s: float = CHECK_LIMIT_S) -> EndpointHealth:
        """Ask it now for its models. `limit_s`: for the whole answer; a local model may take longer to load."""
        endpoint = self.get(name)
        if endpoint is None:
            return EndpointHealth(ok=False, message=_nobody(name))
        return health_of(endpoint, self._asker.ask(endpoint, limit_s), self._connections.credential(endpoint))

    def check_now(self, endpoint: Endpoint, patience_s: float = 0.0) -> Known[EndpointHealth]:
        """Begin to ask it again, in the background, and tell what is known after at most `patience_s`."""
        return self._health(endpoint, self._asker.look(endpoint, 0.0, CHECK_LIMIT_S, patience_s))

    def look(self, *, fresh: bool = False, patience_s: float = 0.0) -> dict[str, Known[EndpointHealth]]:
        """By name what is known of every endpoint, for a page: all are asked at once, in the background.

        A local model is not asked, since that would load it: it is only there when a person asked before.
        Nobody waits longer than `patience_s` for all of them together. `fresh`: what is known does not count.
        """
        endpoints = self.list()
        for endpoint in (one for one in endpoints if one.kind != "local"):
            self._asker.look(endpoint, 0.0 if fresh else HEALTH_GOOD_S, LOOK_LIMIT_S, 0.0)
        until_s = time.monotonic() + patience_s
        known = {one.name: self._looked(one, until_s) for one in endpoints}
        return {name: one for name, one in known.items() if one.value or one.is_asked}

    def _looked(self, endpoint: Endpoint, until_s: float) -> Known[EndpointHealth]:
        if endpoint.kind == "local":
            return self._health(endpoint, self._asker.seen(endpoint))
        patience_s = max(0.0, until_s - time.monotonic())
        return self._health(endpoint, self._asker.look(endpoint, HEALTH_GOOD_S, LOOK_LIMIT_S, patience_s))

    def _health(self, endpoint: Endpoint, known: Known[Answer]) -> Known[EndpointHealth]:
        answer, is_asked = known
        return Known(answer and health_of(endpoint, answer, self._connections.credential(endpoint)), is_asked)

    def models(self, name: str) -> tuple[str, ...]:
        """The names of what it serves, in its order; none when it does not say."""
        return tuple(model.name for model in self.catalogue(name).models)

    def catalogue(self, name: str, *, fresh: bool = False) -> ModelList:
        """What an endpoint serves, asked at most every ten minutes. `fresh`: ask now."""
        endpoint = self.get(name)
        if endpoint is None:
            return ModelList(problem=_nobody(name))
        if endpoint.kind == "local":  # asking its server would start it
            return self._local_list()
        known = None if fresh else self._asker.known(endpoint, LIST_GOOD_S)
        return (known or self._asker.ask(endpoint, LOOK_LIMIT_S)).models

    def catalogue_now(self, endpoint: Endpoint, *, fresh: bool = False, patience_s: float = 0.0) -> ModelList:
        """What is known of its models after at most `patience_s`, for a page: it is asked in the background."""
        if endpoint.kind == "local":
            return self._local_list()
        good_for_s = 0.0 if fresh else LIST_GOOD_S
        answer, is_asked = self._asker.look(endpoint, good_for_s, LOOK_LIMIT_S, patience_s)
        told = answer.models if answer else self._asker.listed(endpoint) or ModelList()
        return msgspec.structs.replace(told, is_asked=is_asked)

    def _local_list(self) -> ModelList:
        return ModelList(models=tuple(ModelInfo(name=model) for model in self._connections.local_models()))

    def pin(self, endpoint: Endpoint, model: str, wanted: str) -> Pin:
        """Who is to serve a run's model: always the same behind a router, as long as it is alive."""
        return pinned(endpoint, model, wanted, lambda: self._pin_list(endpoint, model))

    def _pin_list(self, endpoint: Endpoint, model: str) -> ModelList:
        """One of this hour that has the model is good enough; no other is waited for long: somebody wants an answer."""
        listed = self._asker.listed(endpoint) or ModelList()
        if listed.at and datetime.now(UTC) - listed.at < PIN_GOOD_FOR and listed.named(model):
            return listed
        answer, _ = self._asker.look(endpoint, LIST_GOOD_S, LOOK_LIMIT_S, PIN_LIMIT_S)
        return answer.models if answer else listed

    def supports_tools(self, endpoint: Endpoint) -> bool | None:
        """Whether its model can be given tools; None: nobody knows before it was tried."""
        return self._connections.supports_tools(endpoint)

    def supports_images(self, endpoint: Endpoint, model: str, patience_s: float = IMAGES_PATIENCE_S) -> bool | None:
        """Whether a model can see; None: its endpoint does not say. Asks for at most `patience_s`."""
        if endpoint.kind in {"demo", "local"}:  # scripted; served without the second file that seeing takes
            return False
        known = self.told_of(endpoint, model, patience_s)
        return known.supports_images if known else None

    def told_of(self, endpoint: Endpoint, model: str, patience_s: float) -> ModelInfo | None:
        """What its endpoint tells of a model. Only behind the router a colon begins who serves it."""
        told = self.catalogue_now(endpoint, patience_s=patience_s)
        bare = model.partition(":")[0] if endpoint.kind == "huggingface" else model
        return told.named(model) or told.named(bare)

    def _configured(self) -> Endpoint | None:
        """What the environment names: the router where there is a token, or the server that HF_API_URL points at."""
        url, has_token = self._settings.hf_api_url, self._secrets.has(HUGGING_FACE_TOKEN)
        secret = HUGGING_FACE_TOKEN if has_token else ""
        if kind_at(url) == "openai":
            return Endpoint(name=host_name(url), kind="openai", base_url=url, secret=secret)
        if not has_token:
            return None
        return Endpoint(name="huggingface", kind="huggingface", base_url=url, secret=secret, model=DEFAULT_ROUTER_MODEL)

    def _local(self) -> Endpoint | None:
        models = self._connections.local_models()
        return Endpoint(name="local", kind="local", model=models[0]) if models else None

    def _is_built_in(self, name: str) -> bool:
        configured = self._configured()
        return name in {"huggingface", "local", "demo"} or (configured is not None and configured.name == name)

    def _change_built_in(self, name: str, changes: dict[str, Any], who: str) -> Result[Endpoint]:
        if name == "demo" or not changes.keys() <= {"model", "compatibility", "limits"}:
            return Err("refused", f"{name} is built in; its address and its key come from the environment.")
        if self.get(name) is None:
            return Err("not_found", f"There is no endpoint named {name} now.", "name")
        with UnitOfWork(self._engine) as unit:
            preferences = PreferenceRepository(unit.session)
            wanted = {**preferences.get(_changes_of(name)), **msgspec.to_builtins(changes)}
            put = keep(unit, preferences.put(_changes_of(name), wanted, who))
        changed = self.get(name)
        assert changed is not None
        return put if isinstance(put, Err) else Ok(changed)


def _nobody(name: str) -> str:
    return f"There is no endpoint named {name}."


def _changes_of(name: str) -> str:
    """The preference that keeps what was changed of a built-in endpoint."""
    return f"endpoint.{name}"


def _limits_problem(limits: EndpointLimits) -> Err | None:
    if limits.silence_s is not None and not 0 < limits.silence_s <= 86_400:
        return Err("invalid", "The longest silence is more than 0 and at most 86,400 seconds.", "silence_s")
    if limits.concurrency is not None and not 1 <= limits.concurrency <= 1_000:
        return Err("invalid", "Between 1 and 1,000 requests may be under way at once.", "concurrency")
    if limits.requests_per_minute is not None and not 1 <= limits.requests_per_minute <= 100_000:
        return Err("invalid", "Between 1 and 100,000 requests may begin in a minute.", "requests_per_minute")
    return None


def _as_changed(unit: UnitOfWork, endpoint: Endpoint) -> Endpoint:
    changes = PreferenceRepository(unit.session).get(_changes_of(endpoint.name))
    if changes.get("model"):
        endpoint = msgspec.structs.replace(endpoint, model=changes["model"])
    if "compatibility" in changes:
        compatibility = msgspec.convert(changes["compatibility"], Compatibility)
        endpoint = msgspec.structs.replace(endpoint, compatibility=compatibility)
    if "limits" in changes:
        endpoint = msgspec.structs.replace(endpoint, limits=msgspec.convert(changes["limits"], EndpointLimits))
    return endpoint
