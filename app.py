"""The server: `streamlit run app.py`. Screens are in pages/, everything else is in core/."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core.settings import load
from core.web.api import api_routes
from core.web.gate import Gate
from core.web.headers import SecurityHeaders
from core.web.lifespan import lifespan
from core.web.routes import routes
from pages.components.crash import say_crash

app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    lifespan=lifespan,
    routes=routes(),
    on_script_error=say_crash,
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(Gate, settings=load, address=lambda: st.get_option("server.address"), keyed=api_routes()),
    ],
)
