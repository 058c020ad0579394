"""A caller whose answer is under way while the database goes away, and comes back."""

from threading import Event

import openai
import pytest
from msgspec.structs import replace

from tests.e2e.steps import in_two_parts
from tests.support.pg_proxy import door
from tests.support.scripted import ScriptedServer
from tests.support.served import new_key, published, served
from tests.support.workspace import workspace

QUESTION = [{"role": "user", "content": "Where is the key?"}]
WHOLE = "The key is under the blue flower pot."


@pytest.mark.parametrize("is_back_in_time", [True, False])
def test_a_stream_outlives_the_database_or_says_that_the_run_is_not_lost(settings, is_back_in_time):
    gate = Event()
    with (
        ScriptedServer(in_two_parts("The key ", "is under the blue flower pot.", gate)) as model,
        door(settings.database_url) as between,
        workspace(replace(settings, database_url=between.url), model, adopt=True) as app,
    ):
        agent = published(app)
        key = new_key(app).value
        with served(app) as url, openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:

            def ask():
                once = {"Idempotency-Key": "order-1"}
                return client.chat.completions.create(
                    model=agent.name, messages=QUESTION, stream=True, extra_headers=once
                )

            said = ""
            for chunk in ask():
                said += chunk.choices[0].delta.content or ""
                if said == "The key ":
                    between.shut()
                    gate.set()
                if said == WHOLE and is_back_in_time:
                    between.open()
                elif said == WHOLE:
                    break
            assert said == WHOLE
            if not is_back_in_time:
                with pytest.raises(openai.InternalServerError) as away:
                    ask()
                assert (away.value.status_code, away.value.code) == (503, "unavailable")
                between.open()
            again = "".join(chunk.choices[0].delta.content or "" for chunk in ask())
        assert again == WHOLE
        (run,) = app.runs.list()
        assert run.status == "done"
