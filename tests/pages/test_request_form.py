"""An HTTP tool from a form: typed, shown, kept, tried."""

from core.bootstrap import App
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import button, param, shown
from tests.support.echo import serving_in_thread


def widget(page, kind: str, field: str):
    return next(one for one in getattr(page, kind) if (one.key or "").startswith(f"{field}-"))


def typed(page, **values: str):
    for field, value in values.items():
        widget(page, "text_area" if field in ("description", "body") else "text_input", field).set_value(value).run()


def test_a_tool_is_written_shown_kept_and_tried(app: App, open_page: Open):
    with serving_in_thread() as server:
        page = open_page("tools", new="http")
        assert "The name has 1 to 64 letters" in shown(page)
        typed(page, name="ask_echo", description="Says back what it is asked.", url=server.url("/{place}"))
        typed(page, query_0_0="q", query_0_1="{words}", allow_hosts=server.host, select="target")
        widget(page, "toggle", "required_words").set_value(False).run()
        widget(page, "text_input", "sample_place").set_value("a b").run()
        assert f"GET {server.url('/a%20b')}" in page.code[0].value
        widget(page, "text_input", "sample_words").set_value("x y").run()
        assert f"GET {server.url('/a%20b?q=x%20y')}" in page.code[0].value
        button(page, "Call it").click().run()
        app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)
        assert "/a%20b?q=x%20y" in shown(page.run())
        assert app.tools.get("ask_echo") is None
        button(page, "Keep as the recorded sample").click().run()
        assert app.tool_samples.get("ask_echo") == app.runs.list(limit=1)[0].id
        assert "The recorded sample" in shown(page)

        button(page, "Save").click().run()
        assert param(page, "tool") == "ask_echo"
        assert app.tools.get("ask_echo").parameters["required"] == ["place"]
        page.text_input(key="trial_ask_echo_place").set_value("here")
        button(page, "Call it").click().run()
        app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)
        assert "/here" in shown(page.run())


def test_a_status_check_is_shown_before_it_is_needed(app: App, open_page: Open):
    page = open_page("tools", new="http")
    typed(page, name="order_it", description="Orders it.", url="https://shop.example/orders")
    widget(page, "selectbox", "method").set_value("POST").run()
    assert "Query of the status check" not in shown(page)
    typed(page, check_url="https://shop.example/orders/{call_key}")
    assert "The server cannot know" in shown(page)
    typed(page, headers_0_0="X-Reference", headers_0_1="{call_key}", check_query_0_0="full", check_query_0_1="yes")
    assert "GET https://shop.example/orders/‹key of the call›?full=yes" in page.code[1].value
    button(page, "Save").click().run()
    kept = app.tools.get("order_it")
    assert (kept.repeat, kept.parameters["properties"]) == ("check", {})


def test_what_is_typed_is_a_draft_until_it_is_kept(app: App, open_page: Open):
    typed(open_page("tools", new="http"), name="half_done", url="https://a.example/{x}")
    assert widget(open_page("tools", new="http"), "text_input", "url").value == "https://a.example/{x}"
    assert app.tools.get("half_done") is None
    page = open_page("tools", new="http")
    button(page, "Discard").click().run()
    assert "will be lost" in shown(page)
    assert page.button(key="ask_do").label == "Discard"


def test_a_faulty_draft_is_not_kept_and_the_reason_said(app: App, open_page: Open):
    page = open_page("tools", new="http")
    typed(page, name="a b")
    button(page, "Save").click().run()
    assert "1 to 64 letters" in page.error[0].value


def test_rows_are_added_and_removed(app: App, open_page: Open):
    page = open_page("tools", new="http")
    typed(page, headers_0_0="X-One", headers_1_0="X-Two")
    widget(page, "button", "drop_headers_0").click().run()
    assert app.http_drafts.get("", "").headers == (("X-Two", ""),)
    button(page, "Add a secret").click().run()
    widget(page, "selectbox", "use_0").set_value("header").run()
    typed(page, name_secret_0="X-Key")
    (secret,) = app.http_drafts.get("", "").secrets
    assert (secret.use, secret.name) == ("header", "X-Key")
    widget(page, "button", "drop_secret_0").click().run()
    assert app.http_drafts.get("", "").secrets == ()


def test_a_kept_tool_is_edited_under_its_name(app: App, open_page: Open):
    text = "name: note\ndescription: d\nmethod: POST\nurl: https://a.example/x\nbody: {text: '{text}'}\ninputs: {text: {}}\n"
    app.tool_maker.keep_http(app.tool_maker.read_http(text).value, "")
    page = open_page("tools", edit="note")
    assert widget(page, "text_input", "name").disabled
    typed(page, body='{"text": "{text}", "more": ')
    assert "The body is not JSON yet" in shown(page)
    typed(page, body='{"text": "{text}", "more": "{more}"}')
    widget(page, "selectbox", "type_more").set_value("integer").run()
    typed(page, choices_more="1, 2")
    button(page, "Save").click().run()
    assert app.tools.get("note").parameters["properties"]["more"] == {"type": "integer", "enum": [1, 2]}
