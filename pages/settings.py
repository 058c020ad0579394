"""Settings: which model answers, the token, endpoints, secrets, health, proofs, and what this is."""

from collections.abc import Callable

import streamlit as st

from core.bootstrap import App
from pages.components.api_keys import api_keys
from pages.components.frame import page_header
from pages.components.session import get_app, may, show_said
from pages.components.settings.about import about
from pages.components.settings.access import access
from pages.components.settings.database import database
from pages.components.settings.endpoints import endpoints, which_model
from pages.components.settings.health import health
from pages.components.settings.limits import limits
from pages.components.settings.local_model import local_model
from pages.components.settings.logs import logs
from pages.components.settings.proofs import proofs
from pages.components.settings.retention import retention
from pages.components.settings.secrets import secrets, token
from pages.components.settings.workers import workers


def models(app: App) -> None:
    which_model(app)
    token(app)
    endpoints(app)


SECTIONS: dict[str, Callable[[App], None]] = {
    "Models": models,
    "Local": local_model,
    "Secrets": secrets,
    "Access": access,
    "Limits": limits,
    "API keys": api_keys,
    "Health": health,
    "Database": database,
    "Workers": workers,
    "Logs": logs,
    "Retention": retention,
    "Proofs": proofs,
    "About": about,
}


FOR_EVERYBODY = ("Health", "About")


def main() -> None:
    app = get_app()
    page_header("Settings", "What a person may change stands here; the rest is in the environment or in .env.")
    show_said()
    sections = list(SECTIONS) if may("operator") else list(FOR_EVERYBODY)
    shown = st.segmented_control(
        "Section",
        sections,
        default=sections[0],
        required=True,
        label_visibility="collapsed",
        key="section",
        bind="query-params",
    )
    SECTIONS[shown or sections[0]](app)


main()
