"""The model card of an exported part: what it is, its figures, how it was made, a snippet that runs, its limits."""

from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from data.manifest import code_version
from data.model_card import licence_fields
from training.electra.phases import Stage
from training.results.evaluate import CARD, EvaluationSummary
from training.runs.run import TOKENIZER_FOLDER, Trained
from training.tokens.known import RUN
from training.tokens.tokenizer import hub_config, load_tokenizer

SNIPPETS = {
    "discriminator": """\
from transformers import AutoTokenizer, ElectraForPreTraining

folder = "NAME/discriminator"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = ElectraForPreTraining.from_pretrained(folder)

sentence = "El paciente ingresó por dolor torácico y se le practicó una ventana."
encoded = tokenizer(sentence, return_tensors="pt")
replaced = model(**encoded).logits[0].sigmoid()  # one probability a token of this very sentence
for token, probability in zip(encoded.tokens(), replaced.tolist()):
    print(f"{token:<16}{probability:.3f}", "replaced?" if probability > 0.5 else "")
""",
    "generator": """\
from transformers import pipeline

fill = pipeline("fill-mask", model="NAME/generator")
for guess in fill("El paciente ingresó por dolor [MASK]."):
    print(f"{guess['score']:.3f}", guess["sequence"])
""",
}
TAGS = {"discriminator": "feature-extraction", "generator": "fill-mask"}
"""What the hub's pipelines can do with the very weights: a token classifier would get a random head."""
FIRST_WEIGHTS = {"counts": "from counts of neighbours", "random": "random", "model": "another model's"}

LITERAL = {
    "discriminator": (
        "A literal `[MASK]` or `[SEP]` in a text stays text, as it was in training (`split_special_tokens` in\n"
        "  tokenizer_config.json); give two texts as a pair, not joined by a written `[SEP]`."
    ),
    "generator": (
        "A `[MASK]` in a text is the mask, and a literal `[SEP]` or `[CLS]` the special token: take them out of text\n"
        "  that you did not write, or load the tokenizer with `split_special_tokens=True`."
    ),
}


def snippet(name: str, part: str) -> str:
    """A program that uses the exported part; run it in the folder that holds the models."""
    return SNIPPETS[part].replace("NAME", name)


def model_card(
    name: str, part: str, trained: Trained, evaluation: EvaluationSummary | None, licence: str | None = None
) -> str:
    """Markdown with YAML in front, as the Hugging Face hub reads it."""
    measured = (
        _measured(evaluation, trained)
        if evaluation
        else "Not evaluated yet: run `cowese evaluate`, then export again.\n"
    )
    return f"""{_yaml(name, part, licence, evaluation, discriminates=_discriminates(trained))}
# {name}, {part}

ELECTRA pretrained {_beginning(trained)} on Spanish health text (CoWeSe). This is the {part}: it \
{_about(part, trained)}.

## How to use

```python
{snippet(name, part)}```

## Figures

{measured}
## How it was made

{_making(trained)}
{_decontamination(trained)}
## Limits

- Trained on web pages: what they get wrong, leave out or sell, the model has read. Not for decisions about patients.
- The figures are on held-out documents of the same sites and time as the training text, unless the split is test
  (whole sites that were never trained on). They are not comparable one to one with a card measured on other text.
- Sequences are at most {trained.model.shape.positions} tokens.{_untrained_positions(trained)}
- {LITERAL[part]}
- Load the tokenizer with AutoTokenizer. ElectraTokenizerFast gives the same tokens for text in Unicode's form NFC, but
  does not bring other text into it.
"""


def _beginning(trained: Trained) -> str:
    lineage = trained.manifest.figures.get("lineage", [])
    return f"further, from {lineage[0]['name']}," if lineage else "from scratch"


def _discriminates(trained: Trained) -> bool:
    """Whether any step was for telling replaced tokens."""
    return bool(trained.objectives & {"rtd", "both"}) or bool(trained.manifest.figures.get("lineage"))


def _about(part: str, trained: Trained) -> str:
    shape = trained.published.shape
    if part == "generator":
        alike = shape.generator == shape.discriminator
        return "fills masked tokens; " + (
            "its encoder has the discriminator's size" if alike else "small by design, it trains the discriminator"
        )
    if _discriminates(trained):
        return "tells for each token whether it looks replaced; it is the part to fine-tune"
    return "has learnt to fill masked tokens, not yet to tell replaced ones; its encoder is the part to fine-tune"


def _yaml(
    name: str, part: str, licence: str | None, evaluation: EvaluationSummary | None, *, discriminates: bool
) -> str:
    """The metadata between two lines of dashes."""
    measured = evaluation is not None and part == "discriminator" and discriminates
    data = ModelCardData(
        language="es",
        library_name="transformers",
        pipeline_tag=TAGS[part],
        tags=["electra", "biomedical", "clinical", "spanish"],
        model_name=name if measured else None,
        eval_results=_results(evaluation) if measured and evaluation else None,
        **licence_fields(licence),
    )
    return f"---\n{data.to_yaml()}\n---"


def _results(evaluation: EvaluationSummary) -> list[EvalResult]:
    """The figures as the hub's model-index has them."""
    return [
        EvalResult(
            task_type="token-classification",
            task_name="Replaced token detection",
            dataset_type="cowese",
            dataset_name="CoWeSe held-out",
            dataset_split=evaluation.split,
            metric_type=metric,
            metric_value=value,
        )
        for metric, value in evaluation.discriminator.items()
    ]


def _measured(evaluation: EvaluationSummary, trained: Trained) -> str:
    return f"""Held-out text: the split `{evaluation.split}` ({evaluation.tokens:,} tokens of \
{evaluation.documents:,} documents), step {evaluation.step:,}.
{_told_apart(evaluation) if _discriminates(trained) else ""}
{_filled(evaluation)}{_counted(evaluation)}{_known(evaluation)}
"""


def _told_apart(evaluation: EvaluationSummary) -> str:
    """Replaced-token detection beside BIOMEDTRA-small's card."""
    ours, baseline = evaluation.discriminator, evaluation.all_original
    rows = "\n".join(f"| {name} | {ours[name]:.4f} | {baseline[name]:.4f} | {card} |" for name, card in CARD.items())
    told = f"""
Replaced-token detection:

| | this model | all called original | BIOMEDTRA-small's card |
|---|---|---|---|
{rows}

The card's definitions: dropout off, own generator at temperature 1, every token but pads counts. On words alone:
AUC {evaluation.content["auc"]:.4f}, average precision {evaluation.content["average_precision"]:.4f}, F1 \
{evaluation.content["f1"]:.4f}."""
    if (gain := evaluation.replaced_tokens.get("gain")) is not None:
        told += (
            f"\nThe discriminator's loss is {1000 * gain:.1f} thousandths of a nat below what knowing the rate of "
            "replaced tokens alone costs."
        )
    return told + "\n"


def _filled(evaluation: EvaluationSummary) -> str:
    """What the generator knows of tokens that it does not see, and of those that it could copy."""
    figures = evaluation.generator
    return (
        f"Masked tokens: {figures['hidden_accuracy']:.1%} of the hidden ones are filled rightly "
        f"({figures['hidden_loss']:.2f} nats), of those that\nare shown as they are {figures['shown_accuracy']:.1%} "
        f"({figures['shown_loss']:.2f} nats). {figures['replaced_rate']:.1%} of all tokens are replaced."
    )


def _counted(evaluation: EvaluationSummary) -> str:
    """What counts alone have at the hidden places."""
    names = {"single": "single tokens", "pairs": "pairs", "both_sides": "pairs on both sides, where both are visible,"}
    found = [f"{what} {evaluation.counts[name]:.2f}" for name, what in names.items() if name in evaluation.counts]
    return f" Counts of the training\ntext have, in nats at hidden tokens: {', '.join(found)}." if found else ""


def _known(evaluation: EvaluationSummary) -> str:
    """How much of the held-out text the model has read all the same."""
    if evaluation.known is None:
        return ""
    return f"\n{evaluation.known:.1%} of these tokens stand in runs of {RUN} tokens that the training text has too."


def _making(trained: Trained) -> str:
    plan, made = trained.plan, trained.manifest.made_from
    rows = {
        "preset": plan.preset,
        "steps": f"{trained.step:,} of {plan.steps:,}",
        "first weights": FIRST_WEIGHTS[plan.begin],
        **{f"phase {number}": _phase(stage) for number, stage in enumerate(plan.stages, 1)},
        "tokens seen": f"{trained.tokens_seen:,.0f}" if trained.tokens_seen else "not known",
        "masking": plan.masking.replace("_", " "),
        "embeddings": "GDES" if plan.gdes else "tied",
        "seed": plan.seed,
        "vocabulary": f"{trained.model.shape.vocabulary:,} entries, {_letters(trained)}",
        "began from": _ancestors(trained),
        "corpus": f"{trained.tokens.name.partition('+')[0]} (digest {made.get('corpus', '?')})",
        "tokenizer digest": made.get("tokenizer", "?"),
        "tokens digest": made.get("tokens", "?"),
        "code": f"cowese {code_version()}",
    }
    return "| | |\n|---|---|\n" + "".join(f"| {key} | {value} |\n" for key, value in rows.items())


def _ancestors(trained: Trained) -> str:
    """First weights, or the models before it, newest first."""
    lineage = trained.manifest.figures.get("lineage", [])
    if not lineage:
        return "counts of the corpus" if trained.plan.begin == "counts" else "random weights"
    return " ← ".join(_ancestor(one) for one in lineage)


def _ancestor(one: dict[str, Any]) -> str:
    known = [f"{one[key]:,.0f} {unit}" for key, unit in (("steps", "steps"), ("tokens_seen", "tokens")) if one.get(key)]
    known += [f"on {one['corpus']}"] if one.get("corpus") else []
    return f"{one['name']} ({', '.join([*known, 'digest ' + one['digest']])})"


def _phase(stage: Stage) -> str:
    """A phase in a line."""
    objectives = {
        "mlm": "masked tokens by the encoder itself",
        "rtd": "replaced tokens",
        "both": "ELECTRA's joint loss",
    }
    return (
        f"{objectives[stage.objective]}: {stage.steps:,} steps of {stage.batch} × {stage.length} tokens, "
        f"rate {stage.learning_rate:g}"
    )


def _decontamination(trained: Trained) -> str:
    """Which benchmarks' texts the training text does not hold, as the corpus's manifest says."""
    benchmarks: dict[str, int] | None = trained.manifest.figures.get("decontaminated")
    if benchmarks:
        named = ", ".join(f"{name} ({count:,} documents removed)" for name, count in benchmarks.items())
        return (
            f"Decontaminated against {named}: no document of the corpus shares 13 words in a row with a text of them.\n"
        )
    return (
        "**Not decontaminated**: the training text may hold texts of the benchmarks that this model is tried on "
        "(`cowese publish --decontaminate DIR` removes them).\n"
    )


def _letters(trained: Trained) -> str:
    config = hub_config(load_tokenizer(trained.path / TOKENIZER_FOLDER))
    case = "lower case" if config["do_lower_case"] else "cased"
    return f"{case}, accents {'stripped' if config['strip_accents'] else 'kept'}"


def _untrained_positions(trained: Trained) -> str:
    length = trained.length
    return f" Positions beyond {length} were never trained." if length < trained.model.shape.positions else ""
