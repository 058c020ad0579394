"""A process of its own that serves one model file with llama.cpp, and ends with whoever started it.

Reads its settings as one line of JSON from stdin and writes its address as one line of JSON to stdout. It then waits
for stdin to close, which the system does when the parent dies, by kill -9 too.
"""

import json
import os
import sys

import xllamacpp


def serve() -> None:
    settings = json.loads(sys.stdin.readline())
    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {settings["alias"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings["key"]]
    params.cors_origins = "http://127.0.0.1"  # the default lets any web page call it
    params.ui = False
    params.offline = True
    params.n_ctx = settings["context_tokens"]  # the default is all that the model was trained on
    params.n_parallel = settings["parallel"]
    params.cpuparams.n_threads = settings["threads"]
    params.cache_ram_mib = 256
    params.sleep_idle_seconds = settings["sleep_after_s"]
    params.verbosity = 1
    server = xllamacpp.Server(params)
    print(json.dumps({"address": server.listening_address}), flush=True)  # noqa: T201
    sys.stdin.read()
    os._exit(0)  # an answer under way would keep an orderly end waiting


if __name__ == "__main__":
    serve()
