"""A small Gradio app as its server speaks, version 6: what it offers, calls with their event streams, files.

Written down from a real one. `/greet` takes texts, `/flip` a picture, `/paint` makes two and counts its calls.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.answers import Answer, status
from tests.support.files import image
from tests.support.scripted import Request, ScriptedServer

PREFIX = "/gradio_api"
MADE = image(size=(320, 200), colour="#2E7D5B")
_FILE = {
    "properties": {"path": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "meta": {"type": "object"}},
    "title": "ImageData",
    "type": "object",
}


def parameter(name: str, kind: dict[str, Any], component: str = "Textbox", **default: Any) -> dict[str, Any]:
    given = {"parameter_has_default": bool(default), "parameter_default": default.get("default")}
    return {"label": name.title(), "parameter_name": name, "type": kind, "component": component, **given}


def returned(label: str, component: str) -> dict[str, Any]:
    return {"label": label, "type": {}, "component": component}


def described() -> dict[str, Any]:
    """What `/info` answers."""
    greet = [
        parameter("name", {"type": "string"}),
        parameter("times", {"type": "number", "description": "numeric value between 1 and 10"}, "Slider", default=2),
        parameter("tone", {"type": "string", "enum": ["kind", "rude"]}, "Dropdown", default="kind"),
    ]
    several = parameter("pictures", {"type": "array", "items": {"title": "FileData"}}, "Gallery")
    endpoints = {
        "/greet": {"parameters": greet, "returns": [returned("Greeting", "Textbox")], "description": "Greets people."},
        "/flip": {"parameters": [parameter("image", _FILE, "Image")], "returns": [returned("Flipped", "Image")]},
        "/paint": {
            "parameters": [parameter("prompt", {"type": "string"})],
            "returns": [returned("Pictures", "Gallery"), returned("Seed", "Number")],
        },
        "/mood": {"parameters": [parameter("text", {"type": "string"})], "returns": [returned("Mood", "Label")]},
        "/several": {"parameters": [several], "returns": []},
    }
    return {"named_endpoints": endpoints, "unnamed_endpoints": {}}


def event(kind: str, data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def file_data(path: str) -> dict[str, Any]:
    return {"path": path, "url": f"http://elsewhere.invalid{path}", "meta": {"_type": "gradio.FileData"}}


MOOD = {"label": "happy", "confidences": [{"label": "happy", "confidence": 0.9}, {"label": "sad", "confidence": 0.1}]}


@dataclass
class GradioApp:
    """What it was asked, and what it answers; `answers` stands in for the events of an endpoint."""

    info: dict[str, Any] = field(default_factory=described)
    answers: dict[str, Answer] = field(default_factory=dict)
    called: list[tuple[str, list[Any]]] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def respond(self, request: Request) -> Answer:
        self.keys.append(request.headers.get("x-hf-authorization", ""))
        path = unquote(request.path).removeprefix(PREFIX)
        match request.method, path.split("/")[1:]:
            case "GET", ["info"] if request.path.startswith(PREFIX):
                return status(200, self.info)
            case "POST", ["upload"]:
                self.uploads.append(request.body)
                return status(200, [f"/tmp/gradio/{len(self.uploads)}/given.png"])
            case "POST", ["call", name]:
                self.called.append((name, request.json["data"]))
                return status(200, {"event_id": f"e{len(self.called)}"})
            case "GET", ["call", name, _]:
                return self.answers.get(name) or stream(*self._events(name))
            case "GET", ["file=", *_]:
                return status(200, MADE, {"content-type": "image/webp"})
            case _:
                return status(404, {"detail": "Not Found"})

    def _events(self, name: str) -> list[bytes]:
        data = self.called[-1][1]
        match name:
            case "greet":
                times = data[1] if isinstance(data[1], int) else 1
                said = " ".join([f"Hello {data[0]}!"] * times)
                return [event("heartbeat", None), event("generating", ["Hel"]), event("complete", [said])]
            case "flip":
                return [event("complete", [file_data("/tmp/gradio/out/flipped.webp")])]
            case "paint":
                made = [{"image": file_data(f"/tmp/gradio/out/{place}.webp"), "caption": None} for place in (1, 2)]
                return [event("complete", [made, 7])]
            case _:
                return [event("complete", [MOOD])]


def stream(*events: bytes) -> Answer:
    return Answer(pieces=events)


class GradioServer(ScriptedServer):
    """Such an app on a port of its own."""

    def __init__(self, app: GradioApp | None = None) -> None:
        self.app = app or GradioApp()
        super().__init__(respond=self.app.respond)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"
