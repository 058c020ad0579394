"""Whatever is wrong with a server or its key: one sentence, the right exit code, no traceback, no token."""

import contextlib
import io
import socket
import sys
import threading

import pytest

from core.domain.secrecy import spellings
from tests.support.certificates import server_context
from tests.support.scripted import ScriptedServer, drop, stall, status

KEY = "sk-of-a-person/0123456789+="
PASSWORD = "pa55word-in-the-address"


@contextlib.contextmanager
def accepting(speak):
    """The port of a server that does this to every connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError), connection:
                    speak(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def tls_server():
    """A server whose certificate nobody trusts."""
    context = server_context("127.0.0.1")

    def speak(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(65_536)

    return accepting(speak)


def plain_server():
    """A server that knows nothing of TLS."""

    def speak(connection):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")

    return accepting(speak)


@contextlib.contextmanager
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield port


def scripted(answer):
    @contextlib.contextmanager
    def serve():
        with ScriptedServer(respond=lambda _: answer) as server:
            yield server.port

    return serve


CASES = {
    "nobody listens": ("http", closed_port, "connection", 5),
    "a certificate nobody trusts": ("https", tls_server, "connection", 5),
    "no TLS where it is expected": ("https", plain_server, "connection", 5),
    "TLS where none is expected": ("http", tls_server, "connection", 5),
    "it hangs up": ("http", scripted(drop()), "connection", 5),
    "it stays silent": ("http", scripted(stall()), "timeout", 1),
    "a wrong key": ("http", scripted(status(401, {"error": f"Invalid key: {KEY}"})), "auth", 1),
    "a forbidden model": ("http", scripted(status(403, f"<p>Not for Bearer {KEY}</p>")), "auth", 1),
    "no money": ("http", scripted(status(402, {"error": "Pay."})), "payment_required", 1),
    "no such path": ("http", scripted(status(404, "<h1>Not Found</h1>")), "not_found", 1),
    "it fails": ("http", scripted(status(500, "Traceback (most recent call last): boom")), "server_error", 1),
}


@pytest.fixture
def quiet(cli, monkeypatch):
    """A command whose every word is looked at."""
    monkeypatch.setenv("ARYABHATTA_MODEL_TIMEOUT_S", "0.5")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{KEY}\n"))
    assert cli("secret", "set", "KEY").code == 0

    def run(*arguments, code=0):
        ended = cli(*arguments)
        said = ended.out + ended.err
        assert code is None or ended.code == code, said
        assert "internal" not in said.replace("Internal Server Error", "")
        assert not [form for secret in (KEY, PASSWORD) for form in spellings(secret) if form in said]
        return ended

    return run


@pytest.mark.parametrize(("scheme", "serving", "kind", "code"), CASES.values(), ids=CASES)
def test_every_command_says_it_in_a_sentence(quiet, scheme, serving, kind, code):
    with serving() as port:
        quiet("endpoint", "add", "it", "--base-url", f"{scheme}://127.0.0.1:{port}/v1", "--api-key-secret", "KEY")
        asked = ("-", "hi", "--endpoint", "it", "--model", "m")
        last = quiet("run", *asked, "--json", code=code).lines[-1]
        in_words = quiet("run", *asked, code=code)
        quiet("endpoint", "list")
        quiet("doctor", code=None)  # an endpoint may list its models all the same
        quiet("doctor", "--json", code=None)
    assert (last["status"], last["error"]["kind"]) == ("failed", kind)
    assert last["error"]["message"]
    assert f"{kind}" in in_words.err
    if kind != "server_error":  # those are the server's words
        assert "Traceback" not in in_words.err
    for command in (("runs", "list"), ("runs", "show", last["run_id"]), ("runs", "show", last["run_id"], "--json")):
        quiet(*command)


def test_a_password_in_an_address_is_refused_and_not_repeated(quiet):
    with ScriptedServer(respond=lambda _: status(401, {"error": "Who are you?"})) as server:
        address = f"http://me:{PASSWORD}@127.0.0.1:{server.port}/v1"
        quiet("endpoint", "add", "it", "--base-url", address, code=2)
    assert server.requests == []
