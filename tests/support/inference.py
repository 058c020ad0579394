"""A server that speaks the tasks of Hugging Face models, each at a path of its name: `http://…/text-to-image`."""

import io
import math
import struct
import wave
from base64 import b64encode

from tests.support.answers import Answer, status
from tests.support.files import image
from tests.support.scripted import Request

PICTURE = image(size=(640, 400), colour="#B8562E")
LABELS = [{"label": "tabby cat", "score": 0.9731}, {"label": "tiger cat", "score": 0.0204}]
VECTOR = [0.5, -0.25, 0.125, 0.0]


def sound(seconds: float = 0.5) -> bytes:
    """A tone as WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        tone = (int(9_000 * math.sin(place / 5)) for place in range(int(8_000 * seconds)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
    return out.getvalue()


ANSWERS: dict[str, Answer] = {
    "text-to-image": status(200, PICTURE, {"content-type": "image/png"}),
    "image-to-image": status(200, {"images": [{"b64_json": b64encode(PICTURE).decode()}]}),
    "image-to-text": status(200, [{"generated_text": "a cat on a mat"}]),
    "image-classification": status(200, LABELS),
    "zero-shot-image-classification": status(200, LABELS),
    "object-detection": status(
        200, [{"label": "cat", "score": 0.99, "box": {"xmin": 1, "ymin": 2, "xmax": 30, "ymax": 40}}]
    ),
    "visual-question-answering": status(200, [{"answer": "two", "score": 0.8}]),
    "document-question-answering": status(200, [{"answer": "$12", "score": 0.8, "start": 1, "end": 2}]),
    "automatic-speech-recognition": status(200, {"text": "hello there"}),
    "text-to-speech": status(200, sound(), {"content-type": "audio/wav"}),
    "audio-classification": status(200, [{"label": "happy", "score": 0.7}]),
    "translation": status(200, [{"translation_text": "Guten Morgen"}]),
    "summarization": status(200, [{"summary_text": "Short."}]),
    "text-classification": status(
        200, [[{"label": "POSITIVE", "score": 0.999}, {"label": "NEGATIVE", "score": 0.001}]]
    ),
    "zero-shot-classification": status(
        200, {"sequence": "x", "labels": ["travel", "food"], "scores": [0.91234567, 0.08]}
    ),
    "question-answering": status(200, {"answer": "Paris", "score": 0.97, "start": 3, "end": 8}),
    "token-classification": status(200, [{"entity_group": "PER", "word": "Ada", "score": 0.99, "start": 0, "end": 3}]),
    "fill-mask": status(200, [{"token_str": "blue", "score": 0.4, "token": 7, "sequence": "the sky is blue"}]),
    "feature-extraction": status(200, [VECTOR]),
    "sentence-similarity": status(200, [0.9, 0.1]),
}


def answer_task(request: Request) -> Answer:
    """What the task at the end of the path answers."""
    return ANSWERS.get(request.path.rsplit("/", 1)[-1], status(404, {"error": "No such model."}))
