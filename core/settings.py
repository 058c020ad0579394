"""The few settings of the process, read once. What a person may change on a screen is in a table."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from dotenv import dotenv_values
from platformdirs import user_data_path

from core.errors import ConfigurationError

ROUTER_URL = "https://router.huggingface.co/v1/chat/completions"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the process takes from its environment or from `.env` at the root."""

    home: Path
    """Where the embedded database, the key of the secrets and downloaded models live."""
    database_url: str = ""
    """SQLAlchemy URL of a Postgres server; empty: the embedded one."""
    hugging_face_token: str = ""
    hf_api_url: str = ROUTER_URL
    log_level: str = "info"
    model_timeout_s: float = 120.0
    """Longest silence of a model endpoint, before the first byte and between two."""
    connect_timeout_s: float = 10.0
    lease_s: float = 15.0
    """How long a run stays claimed by a worker that says nothing."""
    execute: bool = True
    """False: this process only queues runs, others execute them."""
    concurrency: int = 50
    """How many runs this process adopts at once, queued ones and those of dead workers."""
    password: str = ""
    """What people give to sign in; empty: only this machine is served."""


def load(environment: Mapping[str, str] | None = None, root: Path | None = None) -> Settings:
    """Read the settings. The environment wins over `.env`.

    Raises `ConfigurationError`, naming the setting, when a value cannot be used.
    """
    root = root or Path(__file__).parent.parent
    given = {key: value for key, value in dotenv_values(root / ".env").items() if value}
    given |= {k: v for k, v in (os.environ if environment is None else environment).items() if v}
    return Settings(
        home=_home(given.get("ARYABHATTA_HOME", "")),
        database_url=given.get("DB_CONNECTION_STRING", ""),
        hugging_face_token=given.get("HUGGING_FACE_AUTH_TOKEN", "").strip(),
        hf_api_url=_url("HF_API_URL", given.get("HF_API_URL", ROUTER_URL)),
        log_level=_level(given.get("ARYABHATTA_LOG_LEVEL", "info")),
        model_timeout_s=_seconds("ARYABHATTA_MODEL_TIMEOUT_S", given, 120.0),
        execute=given.get("ARYABHATTA_EXECUTE", "1") not in {"0", "false", "no"},
        password=given.get("ARYABHATTA_PASSWORD", ""),
    )


def _home(given: str) -> Path:
    return Path(given).expanduser().absolute() if given else user_data_path("aryabhatta", appauthor=False)


def _url(name: str, value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ConfigurationError(f"{name} must be an http or https address, not {value!r}.")
    return value


def _level(value: str) -> str:
    if value.lower() not in {"debug", "info", "warning", "error"}:
        raise ConfigurationError(f"ARYABHATTA_LOG_LEVEL must be debug, info, warning or error, not {value!r}.")
    return value.lower()


def _seconds(name: str, given: Mapping[str, str], default: float) -> float:
    try:
        value = float(given.get(name, default))
    except ValueError:
        raise ConfigurationError(f"{name} must be a number of seconds, not {given[name]!r}.") from None
    if not 0 < value < 86_400:
        raise ConfigurationError(f"{name} must be between 0 and 86,400 seconds, not {value:g}.")
    return value
