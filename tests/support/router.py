"""The Hugging Face router and the hub, as far as lists of models and answers go. No test reaches the real ones."""

import httpx2
import msgspec

ANSWER = {"model": "org/model", "choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}]}


class Router:
    """What the router and the hub say; `asked` holds the addresses, `models` what the requests named."""

    def __init__(self):
        self.asked, self.models = [], []
        self.listed = [
            {"id": "org/model", "providers": [{"provider": "able", "status": "live", "supports_tools": True}]},
            {"id": "org/bare"},
        ]
        self.answers_as = "able"

    def __call__(self, request):
        self.asked.append(str(request.url))
        if request.method == "GET":
            return httpx2.Response(200, json={"data": self.listed})
        self.models.append(msgspec.json.decode(request.content)["model"])
        return httpx2.Response(200, json=ANSWER, headers={"x-inference-provider": self.answers_as})
