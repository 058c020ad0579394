"""The tasks of Hugging Face models that can be tools: what each takes, what it gives, a model to begin with."""

from core.tools.files import Medium
from core.tools.hub.task import Option, Task


def _text(says: str = "", name: str = "text") -> Option:
    return Option(name=name, says=says, needed=True, long=True)


def _file(medium: Medium) -> Option:
    return Option(name=medium, medium=medium, needed=True)


def _whole(name: str, says: str = "") -> Option:
    return Option(name=name, type="integer", says=says)


_TOP = _whole("top_k", "How many of the best to give.")
_LABELS = Option(name="candidate_labels", type="array", says="The labels to choose from.", needed=True)
_HYPOTHESIS = Option(name="hypothesis_template", says="A sentence with {} in the place of the label.")
_NEGATIVE = Option(name="negative_prompt", says="What must not be in it.")
_STEPS = _whole("num_inference_steps", "More steps take longer and show more detail.")
_GUIDANCE = Option(name="guidance_scale", type="number", says="How closely it keeps to the prompt.")
_SEED = _whole("seed", "The same seed gives the same result again.")

TASKS: tuple[Task, ...] = (
    Task(
        name="text-to-image",
        title="Text to image",
        group="Pictures",
        says="Draws a picture of what is described.",
        stem="draw_picture",
        options=(
            _text("What the picture shows, in full.", "prompt"),
            _NEGATIVE,
            _whole("width", "In pixels."),
            _whole("height", "In pixels."),
            _STEPS,
            _GUIDANCE,
            _SEED,
        ),
        gives="picture",
        models=("black-forest-labs/FLUX.1-schnell", "stabilityai/stable-diffusion-xl-base-1.0"),
    ),
    Task(
        name="image-to-image",
        title="Image to image",
        group="Pictures",
        says="Changes a picture as described and gives a new one.",
        stem="change_picture",
        options=(_file("image"), _text("What is to change.", "prompt"), _NEGATIVE, _STEPS, _GUIDANCE),
        gives="picture",
        models=("black-forest-labs/FLUX.1-Kontext-dev",),
        provider="fal-ai",
    ),
    Task(
        name="image-to-text",
        title="Image to text",
        group="Pictures",
        says="Says what a picture shows, or reads the text in it.",
        stem="describe_picture",
        options=(_file("image"),),
        gives="text",
        models=("Salesforce/blip-image-captioning-large", "microsoft/trocr-base-printed"),
    ),
    Task(
        name="image-classification",
        title="Image classification",
        group="Pictures",
        says="Says which of its labels fit a picture, each with a score from 0 to 1.",
        stem="classify_picture",
        options=(_file("image"), _TOP),
        gives="rows",
        models=("google/vit-base-patch16-224",),
    ),
    Task(
        name="zero-shot-image-classification",
        title="Image classification, any labels",
        group="Pictures",
        says="Says which of the given labels fit a picture, each with a score from 0 to 1.",
        stem="sort_picture",
        options=(_file("image"), _LABELS, _HYPOTHESIS),
        gives="rows",
        models=("openai/clip-vit-large-patch14-336",),
    ),
    Task(
        name="object-detection",
        title="Object detection",
        group="Pictures",
        says="Finds the things in a picture: a label, a score from 0 to 1 and a box in pixels for each.",
        stem="find_objects",
        options=(_file("image"), Option(name="threshold", type="number", says="The least score, from 0 to 1.")),
        gives="rows",
        models=("facebook/detr-resnet-50",),
    ),
    Task(
        name="visual-question-answering",
        title="Question about an image",
        group="Pictures",
        says="Answers a question about a picture.",
        stem="ask_picture",
        options=(_file("image"), _text("The question.", "question"), _TOP),
        gives="rows",
        models=("dandelin/vilt-b32-finetuned-vqa",),
    ),
    Task(
        name="document-question-answering",
        title="Question about a scanned document",
        group="Pictures",
        says="Answers a question about the picture of a document.",
        stem="ask_document",
        options=(_file("image"), _text("The question.", "question"), _TOP),
        gives="rows",
        models=("impira/layoutlm-document-qa",),
    ),
    Task(
        name="text-to-video",
        title="Text to video",
        group="Pictures",
        says="Makes a short video of what is described.",
        stem="make_video",
        options=(_text("What the video shows, in full.", "prompt"), _whole("num_frames"), _STEPS, _GUIDANCE, _SEED),
        gives="video",
        models=("Wan-AI/Wan2.1-T2V-14B",),
        provider="replicate",
    ),
    Task(
        name="automatic-speech-recognition",
        title="Speech to text",
        group="Sound",
        says="Writes down what is said in a sound file.",
        stem="transcribe",
        options=(_file("audio"),),
        gives="text",
        models=("openai/whisper-large-v3", "openai/whisper-large-v3-turbo"),
    ),
    Task(
        name="text-to-speech",
        title="Text to speech",
        group="Sound",
        says="Speaks a text.",
        stem="speak",
        options=(_text("What is to be said."),),
        gives="sound",
        models=("hexgrad/Kokoro-82M",),
        provider="replicate",
    ),
    Task(
        name="audio-classification",
        title="Audio classification",
        group="Sound",
        says="Says which of its labels fit a sound file, each with a score from 0 to 1.",
        stem="classify_sound",
        options=(_file("audio"), _TOP),
        gives="rows",
        models=("superb/hubert-large-superb-er",),
    ),
    Task(
        name="translation",
        title="Translation",
        group="Text",
        says="Translates a text.",
        stem="translate",
        options=(
            _text("The text to translate."),
            Option(name="src_lang", says="The language it is in, as the model names it."),
            Option(name="tgt_lang", says="The language it is to be in, as the model names it."),
        ),
        gives="text",
        models=("Helsinki-NLP/opus-mt-en-de", "facebook/mbart-large-50-many-to-many-mmt", "google-t5/t5-base"),
    ),
    Task(
        name="summarization",
        title="Summarization",
        group="Text",
        says="Says in few words what a long text says.",
        stem="summarize",
        options=(_text("The text to summarize."),),
        gives="text",
        models=("facebook/bart-large-cnn",),
    ),
    Task(
        name="text-classification",
        title="Text classification",
        group="Text",
        says="Says which of its labels fit a text, such as its mood, each with a score from 0 to 1.",
        stem="classify_text",
        options=(_text("The text to classify."), _TOP),
        gives="rows",
        models=("distilbert/distilbert-base-uncased-finetuned-sst-2-english", "ProsusAI/finbert"),
    ),
    Task(
        name="zero-shot-classification",
        title="Text classification, any labels",
        group="Text",
        says="Says which of the given labels fit a text, each with a score from 0 to 1.",
        stem="sort_text",
        options=(
            _text("The text to classify."),
            _LABELS,
            Option(name="multi_label", type="boolean", says="Whether several labels may fit at once."),
            _HYPOTHESIS,
        ),
        gives="rows",
        models=("facebook/bart-large-mnli",),
    ),
    Task(
        name="question-answering",
        title="Question about a text",
        group="Text",
        says="Finds the answer to a question in a text, word for word.",
        stem="answer_from_text",
        options=(_text("The question.", "question"), _text("The text that holds the answer.", "context"), _TOP),
        gives="rows",
        models=("deepset/roberta-base-squad2",),
    ),
    Task(
        name="token-classification",
        title="Names in a text",
        group="Text",
        says="Finds names of people, places and organizations in a text.",
        stem="find_names",
        options=(_text("The text to look through."),),
        gives="rows",
        models=("dslim/bert-base-NER",),
    ),
    Task(
        name="fill-mask",
        title="Fill the blank",
        group="Text",
        says="Finds words for the blank in a sentence, each with a score from 0 to 1.",
        stem="fill_blank",
        options=(_text("A sentence with [MASK] or <mask> in it, as the model wants it."), _TOP),
        gives="rows",
        models=("google-bert/bert-base-uncased",),
    ),
    Task(
        name="feature-extraction",
        title="Embeddings",
        group="Numbers",
        says="Turns a text into numbers that stand for its meaning.",
        stem="embed",
        options=(
            _text("The text."),
            Option(name="normalize", type="boolean", says="Whether the vector is to have the length 1."),
            Option(name="truncate", type="boolean", says="Whether a text that is too long is cut."),
            Option(name="prompt_name", says="A prompt that the model knows, such as `query`."),
        ),
        gives="vector",
        models=("intfloat/multilingual-e5-large", "BAAI/bge-small-en-v1.5"),
    ),
    Task(
        name="sentence-similarity",
        title="Sentence similarity",
        group="Numbers",
        says="Says how near in meaning sentences are to one, each from 0 to 1.",
        stem="compare_sentences",
        options=(
            _text("The sentence to compare with.", "sentence"),
            Option(name="other_sentences", type="array", says="The sentences to compare.", needed=True),
        ),
        gives="rows",
        models=("sentence-transformers/all-MiniLM-L6-v2",),
    ),
)


def task_named(name: str) -> Task | None:
    return next((task for task in TASKS if task.name == name), None)
