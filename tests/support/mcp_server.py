"""A small MCP server of the handshake era, over stdin and stdout, that does what a test wants. Run as a script.

    python tests/support/mcp_server.py FOLDER

FOLDER/tools.json is what it lists, read anew each time; FOLDER/picture is its picture, where there is one; FOLDER/log
holds a line for everything it was told.
"""

import json
import os
import sys
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
PICTURE = "iVBORw0KGgo="


def put(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say(message: dict) -> None:
    put(json.dumps({"jsonrpc": "2.0", **message}))


def note(line: str) -> None:
    with (FOLDER / "log").open("a") as log:
        log.write(f"{line}\n")


def text(words: str, **more: object) -> dict:
    return {"content": [{"type": "text", "text": words}], **more}


def slow(token: object) -> dict:
    """Tells how far it is, and goes on when FOLDER/go is there."""
    done = {"progressToken": token, "progress": 1, "total": 4, "message": "a quarter"}
    say({"method": "notifications/progress", "params": done})
    while not (FOLDER / "go").exists():
        time.sleep(0.01)
    return text("slowly done")


def asked(given: dict) -> dict | None:
    """Asks a person, the way of the handshake era, and tells what came back, unless it is to hang then."""
    form = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    params = given or {"message": "Which number?", "requestedSchema": form}
    say({"id": "question", "method": "elicitation/create", "params": params})
    while "method" in (heard := json.loads(next(sys.stdin))):
        note(heard["method"])
    if given.get("then") == "hang":
        return None
    return text(json.dumps(heard.get("result") or heard.get("error"), sort_keys=True))


def called(name: str, given: dict, token: object) -> dict | None:
    """The result of a call; None: there is no answer."""
    match name:
        case "add":
            return text(str(given["a"] + given["b"]))
        case "fail":
            return text("it does not work", isError=True)
        case "picture":
            file = FOLDER / "picture"
            image = {"type": "image", "data": file.read_text() if file.exists() else PICTURE, "mimeType": "image/png"}
            link = {"type": "resource_link", "uri": "file:///x", "name": "x"}
            inside = {"type": "resource", "resource": {"uri": "mem:note", "text": "a note"}}
            return {"content": [{"type": "text", "text": "Look:"}, image, link, inside]}
        case "structured":
            return {"content": [], "structuredContent": {"n": 1}}
        case "environment":
            return text(json.dumps(dict(os.environ)))
        case "slow":
            return slow(token)
        case "ask":
            return asked(given)
        case "junk":
            put("this is no JSON")
            return text("after junk")
        case "wrong":
            return {"content": "not a list"}
        case "die":
            os._exit(3)
        case _:
            return None


def answer(message: dict) -> None:
    asked, params = message["id"], message.get("params", {})
    match message["method"]:
        case "initialize":
            info = {"name": "small", "version": "1"}
            version = params["protocolVersion"]
            say(
                {"id": asked, "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}}
            )
        case "tools/list":
            say({"id": asked, "result": {"tools": json.loads((FOLDER / "tools.json").read_text())}})
        case "tools/call" if params["name"] == "refuse":
            say({"id": asked, "error": {"code": -32000, "message": "not today"}})
        case "tools/call":
            if (
                result := called(
                    params["name"], params.get("arguments") or {}, params.get("_meta", {}).get("progressToken")
                )
            ) is not None:
                say({"id": asked, "result": result})
        case _:
            say({"id": asked, "error": {"code": -32601, "message": "Method not found"}})


note(f"started {os.getpid()}")
sys.stderr.write("the small server is here\n")
for line in sys.stdin:
    message = json.loads(line)
    note(" ".join([message.get("method", "?"), message.get("params", {}).get("name", "")]).strip())
    if "id" in message:
        answer(message)
note("ended")
