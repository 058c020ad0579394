import pytest

from core.domain.address import address_problem, final_url, host_name, kind_at, origin


@pytest.mark.parametrize(
    "text",
    ["http://localhost:11434/v1", "https://api.example.com", "http://[::1]:8000/v1", "https://h/v1/chat/completions"],
)
def test_addresses(text):
    assert address_problem(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Give the server's address"),
        ("localhost:8000", "begin with http:// or https://"),
        ("ftp://host", "begin with http:// or https://"),
        ("http://", "names no host"),
        ("https://", "names no host"),
        ("http://:8000/v1", "names no host"),
        ("http://user:key@host/v1", "Keep the key as a secret"),
        ("http://key@host/v1", "Keep the key as a secret"),
        ("http://host/v1?key=x", "cannot have a part behind ?"),
        ("http://host/v1#x", "cannot have a part behind ?"),
        ("http://host:99999/v1", "This is no address"),
        ("http://host:0/v1", "between 1 and 65535"),
        ("http://host:x/v1", "This is no address"),
        ("http://[::1/v1", "This is no address"),
        ("http://ho st/v1", "a space"),
        ("http://host/\nv1", "a space or a character"),
    ],
)
def test_what_is_no_address(text, words):
    assert words in address_problem(text)


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://h", "http://h/v1/chat/completions"),
        ("http://h/", "http://h/v1/chat/completions"),
        ("http://h/v1", "http://h/v1/chat/completions"),
        ("http://h/v1/", "http://h/v1/chat/completions"),
        ("http://h/api", "http://h/api/v1/chat/completions"),
        ("http://h/v4", "http://h/v4/v1/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/v4/chat/completions/", "http://h/v4/chat/completions"),
    ],
)
def test_where_requests_really_go(base_url, url):
    assert final_url(base_url) == url


def test_parts():
    assert origin("https://h:8443/v1") == "https://h:8443"
    assert origin("https://key@h/v1") == "https://h", "never a credential"
    assert host_name("https://h:8443/v1") == "h:8443"
    assert kind_at("https://router.huggingface.co/v1/chat/completions") == "huggingface"
    assert kind_at("https://router.huggingface.co.evil.example/v1") == "openai"
