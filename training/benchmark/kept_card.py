"""The card of a fine-tuned model: the hub's metadata, figures, and a snippet that decodes as scoring does."""

import re
from pathlib import Path

from huggingface_hub import ModelCardData

from data.manifest import code_version
from data.model_card import licence_fields
from training.benchmark.decoding import Decoding
from training.benchmark.eval_results import eval_results, pipeline_of
from training.benchmark.heads import Heads
from training.benchmark.models import Source
from training.benchmark.scores import SeedResult
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tasks import find_task
from training.benchmark.windows import Frame
from training.benchmark.word_split import WORD

_SNIPPET = '''\
import json
import re

import torch
@IMPORTfrom transformers import pipeline

nlp = pipeline("token-classification", model=".")  # this folder, or its name on the hub
STEPS = @STEPS
@HEADLENGTH, OVERLAP, BEFORE, AFTER = @LENGTH, @OVERLAP, @BEFORE, @AFTER
WORD, LABELS = re.compile(@WORD), [nlp.model.config.id2label[at] for at in range(nlp.model.config.num_labels)]
GROUPS = @GROUPS  # first output of each head and the one behind its last: a word has one tag of each


def mentions(text):
    """[start, end, type] of each mention. A word has the tag of @WHICH; long texts go in windows."""
    encoded = nlp.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ids, places = encoded["input_ids"], encoded["offset_mapping"]
    words, tags = [match.span() for match in WORD.finditer(text)], {}
    start, room = 0, LENGTH - len(BEFORE) - len(AFTER)
    while True:
        end, word = min(start + room, len(ids)), 0
        window = torch.tensor([BEFORE + ids[start:end] + AFTER], device=nlp.device)
        with torch.no_grad():
            logits, begun = @LOGITS[0][len(BEFORE) :], {}
        for token, (begin, stop) in enumerate(places[start:end]):
            while word < len(words) and words[word][0] < begin:
                word += 1
            while word < len(words) and begin <= words[word][0] < stop:
                begun.setdefault(token, []).append(word)
                word += 1
        for token, following in zip(begun, [*list(begun)[1:], end - start]):
            scores = @SCORES.tolist()
            margin = min(token, end - start - 1 - token)  # of two windows the one that shows more around the word
            for word in begun[token]:
                if word not in tags or margin > tags[word][0]:
                    tags[word] = margin, start + token, scores
        if end >= len(ids):
            break
        start = end - OVERLAP
    found = []
    for (low, high), steps in zip(GROUPS, STEPS):
        outside = next(tag for tag in range(low, high) if LABELS[tag][0] == "O")
        best = {high: (0.0, ())}  # the best tags so far, by the last of them; before the first word there is none
        for number in range(len(words)):
            scores = tags.get(number, (0, None, None))[2]
            best = {
                tag: max(
                    (total + steps[last - low][tag - low] + (scores[tag] if scores else 0.0), (path, tag))
                    for last, (total, path) in best.items()
                )
                for tag in (range(low, high) if scores else [outside])
            }
        path, chosen = max(best.values())[1], []
        while path:
            path, tag = path
            chosen.append("O" if tag == outside else LABELS[tag])
        last, place = "", None
        for number, ((start, end), tag) in enumerate(zip(words, reversed(chosen))):
            here = tags.get(number, (0, place, None))[1]
            prefix, _, label = tag.partition("-")
            if label and label == last and (prefix == "I" or here == place):
                found[-1][1] = end
            elif label:
                found.append([start, end, label])
            last, place = label, here
    return sorted(found)


for start, end, label in mentions(text := "El paciente ingresó por dolor torácico."):
    print(start, end, label, text[start:end])
'''
_STEPS = 'json.load(open("cowese.json"))["steps"]  # beside the weights: what it is worth that a tag follows another'
_NO_STEPS = "[[[0.0] * {}] * {}] * {}  # any tag may follow any other"
_HEAD = """\
HEAD = load_file("head.safetensors", nlp.device.type)  # beside the weights


def logits_of(window):
    \"\"\"The head reads the embeddings and all layers side by side.\"\"\"
    layers = nlp.model.base_model(input_ids=window, output_hidden_states=True).hidden_states
    return torch.cat(layers, -1) @ HEAD["weight"].T + HEAD["bias"]


"""
_OTHERS = {
    "classification": """\
from transformers import pipeline

nlp = pipeline("text-classification", model=".")  # this folder, or its name on the hub
text = "El paciente ingresó por dolor torácico."  # a pair is {"text": …, "text_pair": …}
print(nlp(text, truncation=True, max_length=@LENGTH))
""",
    "multilabel": '''\
from transformers import pipeline

nlp = pipeline("text-classification", model=".", top_k=None)  # this folder, or its name on the hub
THRESHOLD = @THRESHOLD  # chosen on the development split


def labels(text):
    """The labels of a text, sorted."""
    scores = nlp([text], truncation=True, max_length=@LENGTH)[0]
    return sorted(one["label"] for one in scores if one["score"] >= THRESHOLD)


print(labels("El paciente ingresó por dolor torácico."))
''',
    "regression": """\
from transformers import pipeline

nlp = pipeline("text-classification", model=".")  # this folder, or its name on the hub
pair = {"text": "Ingresó por dolor torácico.", "text_pair": "Acudió con dolor en el pecho."}
print(nlp(pair, truncation=True, max_length=@LENGTH))
""",
    "answering": '''\
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")  # this folder, or its name on the hub
model = AutoModelForQuestionAnswering.from_pretrained(".").eval()
THRESHOLD = @THRESHOLD  # how much higher nothing may score than the best piece; chosen on the development split


def answer(question, context):
    """A piece of a context that fits into @LENGTH tokens; `cowese predict` reads longer ones too."""
    encoded = tokenizer(question, context, truncation="only_second", max_length=@LENGTH, return_offsets_mapping=True)
    sides = encoded.sequence_ids(0)
    places = encoded.pop("offset_mapping")
    with torch.no_grad():
        told = model(**{name: torch.tensor([ids]) for name, ids in encoded.items()})
    begins, ends = told.start_logits[0].tolist(), told.end_logits[0].tolist()
    inside = [place for place, side in enumerate(sides) if side == 1]
    pairs = [(begins[one] + ends[other], one, other) for one in inside for other in inside if one <= other < one + 30]
    best, first, last = max(pairs)
    is_silent = THRESHOLD is not None and begins[0] + ends[0] - best > THRESHOLD
    return "" if is_silent else context[places[first][0] : places[last][1]]


print(answer("¿Por qué ingresó?", "El paciente ingresó por dolor torácico."))
''',
}


def kept_card(
    source: Source,
    settings: BenchmarkSettings,
    decoding: Decoding,
    result: SeedResult,
    heads: Heads | None = None,
) -> str:
    """Markdown with YAML in front, as the Hugging Face hub reads it; a tagger has heads."""
    base = None if _is_folder(source) else source.where
    hub = find_task(decoding.task).hub
    results = eval_results(decoding.task, result.test.figures, settings.documents)
    data = ModelCardData(
        language="es",
        library_name="transformers",
        pipeline_tag=pipeline_of(result.test.figures),
        base_model=base,
        datasets=[hub] if hub else None,
        metrics=sorted({one.metric_type for one in results}),
        tags=["biomedical", "clinical", "spanish"],
        model_name=f"{source.name}-{decoding.task}",
        eval_results=results,
        **licence_fields(settings.licence),
    )
    task = find_task(decoding.task)
    origin = f" ({task.citation}; {task.source})" if task.source else ""
    rows = "".join(f"| {name.replace('_', ' ')} | {result.dev.figures[name]:.4f} | {value:.4f} |\n"
                   for name, value in result.test.figures.items())  # fmt: skip
    few = f", of at most {settings.documents} documents a split" if settings.documents else ""
    few += f", of at most {settings.train_documents} training documents" if settings.train_documents else ""
    return f"""---
{data.to_yaml()}
---

# {source.name} on {decoding.task}

{source.name} fine-tuned on {decoding.task}{origin}{few} by `cowese benchmark`: seed {result.seed},
epoch {result.best_epoch} of {settings.epochs}, chosen on the development split.

| | development | test |
|---|---|---|
{rows}
## How to use

`cowese {"tag" if decoding.kind == "tagging" else "predict"} FOLDER FILES...`, or:

```python
{snippet(source, decoding, heads)}```

{_NESTED if heads is not None and len(heads.tags) > 1 else ""}{_LIMITS[decoding.kind]}
## How it was made

Learning rate {settings.learning_rate:g}{_of_head(settings)}, layer decay {settings.layer_decay:g},
batch {settings.batch}, windows of {decoding.length} tokens that share {decoding.overlap:.0%}; cowese {code_version()}.
"""


def _of_head(settings: BenchmarkSettings) -> str:
    return f", {settings.head_rate:g} times that for the head" if settings.head_rate not in (None, 1.0) else ""


_NESTED = (
    "Each type has a head of its own (`O-TYPE`, `B-TYPE`, `I-TYPE`), so that mentions of different types may nest:\n"
    "the best of all labels together says nothing.\n"
)
_PLEASE = "Not for decisions about patients.\n"
_LIMITS = {
    "tagging": (
        "transformers' own aggregation joins and cuts mentions otherwise than they were scored: use the function\n"
        "above. "
        f"{_PLEASE}"
    ),
    "classification": _PLEASE,
    "multilabel": _PLEASE,
    "regression": _PLEASE,
    "answering": _PLEASE,
}


def snippet(source: Source, decoding: Decoding, heads: Heads | None = None) -> str:
    """A program that uses the model with transformers alone."""
    if heads is None:
        numbers = {"@LENGTH": decoding.length, "@THRESHOLD": decoding.threshold}
        return re.sub("|".join(numbers), lambda match: str(numbers[match[0]]), _OTHERS[decoding.kind])
    frame = Frame.from_tokenizer(source.tokenizer, 1)
    ids, slot = frame.inputs["input_ids"], frame.slots[0]
    size, count = len(heads.tags[0]), len(heads.tags)
    said = {
        "@GROUPS": [(low, low + size) for low in range(0, size * count, size)],
        "@LENGTH": decoding.length,
        "@OVERLAP": int(decoding.length * decoding.overlap),
        "@BEFORE": ids[:slot],
        "@AFTER": ids[slot + 1 :],
        "@WORD": ascii(WORD.pattern),
        "@WHICH": "the mean of its tokens" if decoding.pooling == "mean" else "its first token",
        "@SCORES": "logits[token:following].mean(0)" if decoding.pooling == "mean" else "logits[token]",
        "@IMPORT": "from safetensors.torch import load_file\n" if decoding.readout == "all" else "",
        "@HEAD": _HEAD if decoding.readout == "all" else "",
        "@LOGITS": "logits_of(window)" if decoding.readout == "all" else "nlp.model(input_ids=window).logits",
        "@STEPS": _NO_STEPS.format(size, size + 1, count) if decoding.steps is None else _STEPS,
    }
    return re.sub("|".join(said), lambda match: str(said[match[0]]), _SNIPPET)


def _is_folder(source: Source) -> bool:
    return Path(source.where).is_dir()
