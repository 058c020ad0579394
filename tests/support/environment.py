"""What a test must not take from the machine it runs on."""

import os
from pathlib import Path

_OURS = ("ARYABHATTA_", "HF_", "HUGGING_FACE_", "HUGGINGFACE_", "PG", "STREAMLIT_")
_NAMES = {"DB_CONNECTION_STRING", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


def forget(scratch: Path) -> None:
    """Drop settings, tokens and proxies from the environment; saved tokens are looked for in `scratch`."""
    for name in list(os.environ):
        if name.upper().startswith(_OURS) or name.upper() in _NAMES:
            del os.environ[name]
    os.environ["HF_HOME"] = str(scratch / "huggingface")
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
