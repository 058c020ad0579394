"""`endpoint`: add, test, change, choose, and look at what is served."""

import msgspec
import pytest

from core.domain.endpoint import Compatibility
from tests.support.scripted import ScriptedServer, status, text

LISTED = {
    "data": [
        {"id": "org/big", "context_length": 131072, "pricing": {"prompt": "0.0000002", "completion": "0.0000006"}},
        {"id": "org/handy", "supported_parameters": ["tools"]},
        {"id": "other/plain"},
    ]
}


@pytest.fixture
def office(cli):
    with ScriptedServer(listing=status(200, LISTED)) as server:
        assert cli("endpoint", "add", "office", "--base-url", server.base_url, "--model", "org/handy").code == 0
        yield server


def test_endpoints(cli):
    with ScriptedServer() as server:
        added = cli("endpoint", "add", "office", "--base-url", server.base_url, "--api-key-secret", "OFFICE", "--json")
        assert added.code == 0
        assert added.json == {
            "name": "office",
            "kind": "openai",
            "base_url": server.base_url,
            "url": f"{server.base_url}/chat/completions",
            "secret": "OFFICE",
            "model": "",
            "default": True,
            "limits": {"silence_s": None, "concurrency": None, "requests_per_minute": None},
            "compatibility": msgspec.structs.asdict(Compatibility()),
        }
        assert "The secret OFFICE is not set yet" in added.err
    assert [(one["name"], one["default"]) for one in cli("endpoint", "list", "--json").json] == [
        ("office", True),
        ("demo", False),
    ]
    assert "*  office" in cli("endpoint", "list").out
    assert cli("endpoint", "add", "office", "--base-url", "http://h/v1").code == 1
    assert cli("endpoint", "add", "demo", "--base-url", "http://h/v1").code == 1
    refused = cli("endpoint", "add", "b", "--base-url", "http://key@h/v1")
    assert (refused.code, "Keep the key as a secret" in refused.err) == (2, True)


def test_a_test_tells_how_fast_how_many_and_whether_tools(cli, office):
    told = cli("endpoint", "test", "office")
    assert told.code == 0
    first, second = told.out.splitlines()
    assert first.startswith("office: Answers in ")
    assert first.endswith(" ms, 3 models, supports tools.")
    assert second == (
        f"No key is sent to http://127.0.0.1:{office.port}. Requests go to {office.base_url}/chat/completions."
    )
    found = cli("endpoint", "test", "office", "--json").json
    assert found.pop("took_ms") > 0
    assert found.pop("message").endswith("3 models, supports tools.")
    assert found == {
        "name": "office",
        "ok": True,
        "models": 3,
        "supports_tools": True,
        "url": f"{office.base_url}/chat/completions",
        "credential": f"No key is sent to http://127.0.0.1:{office.port}.",
        "error": None,
    }


def test_a_test_that_fails_says_whose_fault_it_is_by_its_exit(cli, office):
    office.listing = status(401, {"error": {"message": "Incorrect API key provided"}})
    refused = cli("endpoint", "test", "office", "--json")
    assert (refused.code, refused.json["ok"]) == (1, False)
    assert refused.json["error"] == {
        "kind": "auth",
        "message": "Incorrect API key provided (HTTP 401)",
        "status": 401,
    }
    cli("endpoint", "add", "closed", "--base-url", "http://127.0.0.1:1/v1")
    assert cli("endpoint", "test", "closed").code == 5
    assert cli("endpoint", "test", "nobody").code == 2


def test_a_page_in_place_of_a_list_is_told_as_text(cli, office):
    office.listing = text("<html><script>alert(1)</script><title>Sign in</title></html>").with_header(
        "content-type", "text/html"
    )
    told = cli("endpoint", "test", "office")
    assert told.code == 1
    assert "This is no list of models" in told.out


def test_what_is_served_is_searched(cli, office):
    found = cli("endpoint", "models", "office", "--json").json
    assert (found["endpoint"], found["total"], len(found["models"])) == ("office", 3, 3)
    assert found["models"][0] == {
        "name": "org/big",
        "context_tokens": 131072,
        "price": {"input_usd": 0.2, "output_usd": 0.6},
        "supports_tools": None,
        "supports_images": None,
        "supports_schemas": None,
        "providers": [],
    }
    names = [one["name"] for one in cli("endpoint", "models", "office", "ORG", "a", "--json").json["models"]]
    assert names == ["org/handy"]
    assert [one["name"] for one in cli("endpoint", "models", "office", "--tools", "--json").json["models"]] == [
        "org/handy"
    ]
    table = cli("endpoint", "models", "office", "big").out
    assert "org/big  131,072  0.2     0.6" in table
    assert "1 of 3 models, " in table
    asked = len(office.model_lists)
    cli("endpoint", "models", "office")
    assert len(office.model_lists) == asked + 1
    office.listing = status(500, {"error": "broken"})
    failed = cli("endpoint", "models", "office", "--json")
    assert (failed.code, failed.out, "broken (HTTP 500)" in failed.err) == (1, "", True)


def test_settings_are_changed_one_by_one(cli, office):
    given = (
        "--silence-s",
        "30",
        "--requests-per-minute",
        "60",
        "--concurrency",
        "4",
        "--set",
        "token_field=max_completion_tokens",
        "--set",
        "stream=off",
    )
    first = cli("endpoint", "set", "office", *given, "--json").json
    assert first["limits"] == {"silence_s": 30.0, "concurrency": 4, "requests_per_minute": 60}
    assert first["compatibility"] == msgspec.structs.asdict(
        Compatibility(token_field="max_completion_tokens", stream=False)
    )
    assert (first["model"], first["base_url"]) == ("org/handy", office.base_url)
    second = cli(
        "endpoint",
        "set",
        "office",
        "--silence-s",
        "none",
        "--requests-per-minute",
        "none",
        "--set",
        "stream=on",
        "--model",
        "org/big",
    )
    assert (
        second.out
        == f"office: requests go to {office.base_url}/chat/completions (concurrency=4 token_field=max_completion_tokens)\n"
    )
    assert "concurrency=4 token_field=max_completion_tokens" in cli("endpoint", "list").out
    assert cli("endpoint", "list", "--json").json[0]["model"] == "org/big"
    renamed = cli("endpoint", "set", "office", "--api-key-secret", "LATER")
    assert (renamed.code, "The secret LATER is not set yet" in renamed.err) == (0, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--set", "nothing=on"), "There is no compatibility setting nothing. There are: stream, "),
        (("--set", "stream=maybe"), "stream is on or off, not 'maybe'."),
        (("--set", "token_field"), "token_field is max_tokens or max_completion_tokens, not ''."),
        (("--silence-s", "soon"), "'soon' is neither a number nor none."),
        (("--silence-s", "0"), "more than 0 and at most 86,400 seconds"),
        (("--concurrency", "1.5"), "'1.5' is neither a number nor none."),
        (("--requests-per-minute", "0"), "Between 1 and 100,000 requests"),
        (("--concurrency", "0"), "Between 1 and 1,000 requests"),
        (("--base-url", "ftp://h"), "has to begin with http"),
    ],
)
def test_settings_that_make_no_sense_change_nothing(cli, office, options, words):
    before = cli("endpoint", "list", "--json").json
    refused = cli("endpoint", "set", "office", *options)
    assert (refused.code, words in refused.err) == (2, True), refused.err
    assert cli("endpoint", "list", "--json").json == before


def test_the_default_is_chosen_and_left_again(cli, office):
    assert cli("endpoint", "default", "demo").out == "demo answers where an agent names no endpoint.\n"
    assert [one["name"] for one in cli("endpoint", "list", "--json").json if one["default"]] == ["demo"]
    assert cli("endpoint", "default", "--json").json["name"] == "office"
    assert cli("endpoint", "default", "nobody").code == 2


def test_deleting(cli, office):
    assert cli("endpoint", "delete", "office").out == "office is deleted.\n"
    assert cli("endpoint", "delete", "office").code == 2
    assert cli("endpoint", "delete", "demo").code == 1
    assert cli("endpoint", "set", "office", "--model", "x").code == 2
