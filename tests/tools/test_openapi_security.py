"""Security schemes of documents become secrets by name."""

import msgspec
import pytest

from core.tools.http_request.operation import Credential, Operation
from core.tools.openapi.document import DocumentError
from core.tools.openapi.reader import read
from core.tools.openapi.security import secret_name

SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "Basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {}},
    "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://x"},
    "digest": {"type": "http", "scheme": "digest"},
    "mtls": {"type": "mutualTLS"},
    "nowhere": {"type": "apiKey", "in": "moon", "name": "x"},
    "shared": {"$ref": "#/components/securitySchemes/bearer"},
}


def made(operation, secrets=None, path="/pets", servers="https://api.example", **more):
    document = {
        "openapi": "3.1.0",
        "servers": [{"url": servers}],
        "components": {"securitySchemes": SCHEMES},
        "paths": {path: {"get": operation}},
        **more,
    }
    reading = read(document, secrets=secrets)
    assert reading.left_out == ()
    return msgspec.convert(reading.tools[0].definition, Operation)


def wants(*schemes):
    return {"security": [{key: [] for key in schemes}]}


@pytest.mark.parametrize(
    ("scheme", "credential"),
    [
        ("key", Credential(secret="api.example.key", name="X-Api-Key")),
        ("query", Credential(secret="api.example.query", place="query", name="key")),
        ("cookie", Credential(secret="api.example.cookie", place="cookie", name="sid")),
        ("basic", Credential(secret="api.example.basic", prefix="Basic ", is_base64=True)),
        ("bearer", Credential(secret="api.example.bearer", prefix="Bearer ")),
        ("oauth", Credential(secret="api.example.oauth", prefix="Bearer ")),
        ("oidc", Credential(secret="api.example.oidc", prefix="Bearer ")),
        ("shared", Credential(secret="api.example.shared", prefix="Bearer ")),
    ],
)
def test_each_scheme_is_a_credential(scheme, credential):
    assert made(wants(scheme)).credentials == (credential,)


def test_a_token_that_expires_is_said_to():
    assert made(wants("oauth")).notes == ("Its secret is an access token, which has to be renewed by hand.",)


@pytest.mark.parametrize("scheme", ["digest", "mtls", "nowhere", "undeclared"])
def test_ways_that_cannot_be_gone_are_named(scheme):
    operation = made(wants(scheme))
    assert operation.credentials == ()
    assert operation.notes == (f"The server wants to know who calls ({scheme}), in a way that is not possible here.",)


def test_schemes_asked_for_together_go_together():
    names = [credential.secret for credential in made(wants("key", "bearer")).credentials]
    assert names == ["api.example.key", "api.example.bearer"]


def test_the_first_way_that_can_be_gone_is_taken():
    operation = made({"security": [{"mtls": []}, {"digest": [], "key": []}, {"basic": []}, {"bearer": []}]})
    assert [credential.secret for credential in operation.credentials] == ["api.example.basic"]


def test_the_way_that_a_person_chose_wins():
    security = {"security": [{"basic": []}, {"bearer": []}, {}]}
    assert made(security).credentials == ()
    assert made(security, {"bearer": "MINE"}).credentials == (Credential(secret="MINE", prefix="Bearer "),)


def test_the_documents_security_holds_unless_the_operation_has_its_own():
    assert made({}, security=[{"key": []}]).credentials != ()
    assert made({"security": []}, security=[{"key": []}]).credentials == ()


def test_a_key_that_is_also_a_parameter_is_not_asked_of_the_model():
    parameters = [{"name": "x-api-key", "in": "header", "required": True, "schema": {"type": "string"}}]
    operation = made({**wants("key"), "parameters": parameters})
    assert operation.inputs == ()
    assert made({"parameters": parameters}).inputs != ()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.example.com/v1", "api.example.com.key"),
        ("https://API.Example.com", "api.example.com.key"),
        ("https://api.example.com:8443/", "api.example.com_8443.key"),
        ("http://api.example.com", "api.example.com_80.key"),
        ("http://127.0.0.1:9000", "127.0.0.1_9000.key"),
    ],
)
def test_a_secret_is_named_after_its_server(url, name):
    assert secret_name(url, "key") == name


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("https://api.example", "com.key"),
        ("https://api_example_com", "key"),
        ("https://api.example.com@evil.example", "key"),
        ("https://api.example.com.evil.example", "key"),
        ("https://" + "a" * 200 + ".example", "key" * 100),
        ("https://[::1]:80", "key"),
        ("http://api.example.com", "key"),
        ("https://HUGGING_FACE_AUTH_TOKEN", ""),
    ],
)
def test_no_document_reaches_the_secret_of_another_server(url, scheme):
    name = secret_name(url, scheme)
    assert name not in {"api.example.com.key", "HUGGING_FACE_AUTH_TOKEN"}
    assert 1 <= len(name) <= 100


def test_the_whole_address_decides_about_the_server():
    operation = made(wants("key"), path=".evil.example/x", servers="https://api.example.com")
    assert operation.credentials[0].secret == "api.example.com.evil.example.key"


@pytest.mark.parametrize(
    ("secrets", "said"),
    [({"nothing": "X"}, "no security scheme named 'nothing'"), ({"key": ""}, "'' is not the name of a secret")],
)
def test_what_a_person_names_has_to_fit(secrets, said):
    with pytest.raises(DocumentError, match=said):
        made(wants("key"), secrets)


@pytest.mark.parametrize("schemes", [[], "x", {"key": "x"}, {"key": {"$ref": "#/nowhere"}}, {"key": {"type": {}}}])
def test_odd_schemes_do_no_harm(schemes):
    document = {
        "openapi": "3.0.0",
        "servers": [{"url": "https://a.example"}],
        "components": {"securitySchemes": schemes},
        "paths": {"/x": {"get": wants("key")}},
    }
    reading = read(document)
    assert len(reading.tools) + len(reading.left_out) == 1


def test_references_that_lead_nowhere_end_the_import_with_a_sentence():
    document = {"openapi": "3.0.0", "components": {"$ref": "#/nowhere"}, "paths": {"/x": {"get": {}}}}
    with pytest.raises(DocumentError, match="security schemes cannot be read"):
        read(document)
