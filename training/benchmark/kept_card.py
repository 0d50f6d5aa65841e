"""The card of a fine-tuned model: the hub's metadata, figures, and a snippet that decodes as scoring does."""

import re
from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData

from data.manifest import code_version
from training.benchmark.decoding import Decoding
from training.benchmark.models import Source
from training.benchmark.scores import SeedResult
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tasks import find_task
from training.benchmark.windows import Frame
from training.benchmark.words import WORD

PIPELINES = {
    "tagging": "token-classification",
    "classification": "text-classification",
    "answering": "question-answering",
}
"""The hub's tag of each kind."""
_SNIPPET = '''\
import json
import re

import torch
@IMPORTfrom transformers import pipeline

nlp = pipeline("token-classification", model=".")  # this folder, or its name on the hub
STEPS = @STEPS
@HEADLENGTH, OVERLAP, BEFORE, AFTER = @LENGTH, @OVERLAP, @BEFORE, @AFTER
WORD, LABELS = re.compile(@WORD), [nlp.model.config.id2label[at] for at in range(nlp.model.config.num_labels)]


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
            scores = dict(enumerate(@SCORES.tolist()))
            margin = min(token, end - start - 1 - token)  # of two windows the one that shows more around the word
            for word in begun[token]:
                if word not in tags or margin > tags[word][0]:
                    tags[word] = margin, start + token, scores
        if end >= len(ids):
            break
        start = end - OVERLAP
    best = {len(LABELS): (0.0, ())}  # the best tags so far, by the last of them; before the first word there is none
    for number in range(len(words)):
        scores = tags.get(number, (0, None, {LABELS.index("O"): 0.0}))[2]
        best = {
            tag: max((total + STEPS[last][tag] + score, (path, tag)) for last, (total, path) in best.items())
            for tag, score in scores.items()
        }
    path, chosen = max(best.values())[1], []
    while path:
        path, tag = path
        chosen.append(LABELS[tag])
    found, last, place = [], "", None
    for number, ((start, end), tag) in enumerate(zip(words, reversed(chosen))):
        here = tags.get(number, (0, place, None))[1]
        prefix, _, label = tag.partition("-")
        if label and label == last and (prefix == "I" or here == place):
            found[-1][1] = end
        elif label:
            found.append([start, end, label])
        last, place = label, here
    return found


for start, end, label in mentions(text := "El paciente ingresó por dolor torácico."):
    print(start, end, label, text[start:end])
'''
_STEPS = 'json.load(open("cowese.json"))["steps"]  # beside the weights: what it is worth that a tag follows another'
_NO_STEPS = "[[0.0] * nlp.model.config.num_labels] * (nlp.model.config.num_labels + 1)  # any tag may follow any other"
_HEAD = """\
HEAD = load_file("head.safetensors", nlp.device.type)  # beside the weights


def logits_of(window):
    \"\"\"The head reads the embeddings and all layers side by side.\"\"\"
    layers = nlp.model.base_model(input_ids=window, output_hidden_states=True).hidden_states
    return torch.cat(layers, -1) @ HEAD["weight"].T + HEAD["bias"]


"""
_OTHER = """\
from transformers import pipeline

nlp = pipeline("@PIPELINE", model=".")  # this folder, or its name on the hub
"""


def kept_card(source: Source, settings: BenchmarkSettings, decoding: Decoding, result: SeedResult) -> str:
    """Markdown with YAML in front, as the Hugging Face hub reads it."""
    base = None if _is_folder(source) else source.where
    data = ModelCardData(
        language="es",
        license=settings.licence,
        library_name="transformers",
        pipeline_tag=PIPELINES[decoding.kind],
        base_model=base,
        tags=["biomedical", "clinical", "spanish"],
        model_name=f"{source.name}-{decoding.task}",
        eval_results=_results(decoding, result),
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

`cowese tag FOLDER FILES...`, or:

```python
{snippet(source, decoding)}```

{_LIMITS[decoding.kind]}
## How it was made

Learning rate {settings.learning_rate:g}, layer decay {settings.layer_decay:g}, batch {settings.batch}, windows of
{decoding.length} tokens that share {decoding.overlap:.0%}; cowese {code_version()}.
"""


_PLEASE = "Not for decisions about patients.\n"
_LIMITS = {
    "tagging": (
        "transformers' own aggregation joins and cuts mentions otherwise than they were scored: use the function\n"
        "above. "
        f"{_PLEASE}"
    ),
    "classification": _PLEASE,
    "answering": _PLEASE,
}


def snippet(source: Source, decoding: Decoding) -> str:
    """A program that uses the model with transformers alone."""
    if decoding.kind != "tagging":
        return _OTHER.replace("@PIPELINE", PIPELINES[decoding.kind])
    frame = Frame.of(source.tokenizer, 1)
    ids, slot = frame.inputs["input_ids"], frame.slots[0]
    said = {
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
        "@STEPS": _NO_STEPS if decoding.steps is None else _STEPS,
    }
    return re.sub("|".join(said), lambda match: str(said[match[0]]), _SNIPPET)


def _results(decoding: Decoding, result: SeedResult) -> list[EvalResult]:
    """The test figures as the hub's model-index has them."""
    return [
        EvalResult(
            task_type=PIPELINES[decoding.kind],
            dataset_type=decoding.task.lower(),
            dataset_name=decoding.task,
            dataset_split="test",
            metric_type=name if name == "exact_match" else name.rpartition("_")[2],
            metric_name=name.replace("_", " "),
            metric_value=value,
        )
        for name, value in result.test.figures.items()
    ]


def _is_folder(source: Source) -> bool:
    return Path(source.where).is_dir()
