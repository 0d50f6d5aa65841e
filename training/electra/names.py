"""Our tensors under transformers' names, and back.

transformers keeps query, key and value apart; we keep them as one matrix. Nothing else differs but names.
"""

import pickle
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from data.errors import InputError
from data.files import read_json
from training.electra.model import NORM_EPSILON, Electra
from training.electra.presets import DROPOUT, INIT_STD, EncoderShape, ModelShape
from training.electra.weights import first_not_finite, refuse_misfit

EMBEDDINGS = {
    "embeddings.word.weight": "electra.embeddings.word_embeddings.weight",
    "embeddings.position.weight": "electra.embeddings.position_embeddings.weight",
    "embeddings.segment.weight": "electra.embeddings.token_type_embeddings.weight",
    "embeddings.norm.weight": "electra.embeddings.LayerNorm.weight",
    "embeddings.norm.bias": "electra.embeddings.LayerNorm.bias",
}
LAYER = {
    "out": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "output_norm": "output.LayerNorm",
}
QKV = ("attention.self.query", "attention.self.key", "attention.self.value")
HEADS = {
    "discriminator": {
        "discriminator_head.dense": "discriminator_predictions.dense",
        "discriminator_head.out": "discriminator_predictions.dense_prediction",
    },
    "generator": {
        "generator_head.dense": "generator_predictions.dense",
        "generator_head.norm": "generator_predictions.LayerNorm",
    },
}
CONFIG_SHAPE = {
    "vocab_size",
    "embedding_size",
    "max_position_embeddings",
    "num_hidden_layers",
    "hidden_size",
    "num_attention_heads",
    "intermediate_size",
}
"""What a config.json must say of the model's shape."""
ARCHITECTURE = {"discriminator": "ElectraForPreTraining", "generator": "ElectraForMaskedLM"}
KINDS = ("weight", "bias")


def _pairs(part: str, layers: int, *, projected: bool) -> dict[str, str]:
    """Our name → transformers' name of every tensor that is the same in both."""
    names = dict(EMBEDDINGS)
    modules = dict(HEADS[part])
    if projected:
        modules[f"{part}.project"] = "electra.embeddings_project"
    for number in range(layers):
        for ours, theirs in LAYER.items():
            modules[f"{part}.layers.{number}.{ours}"] = f"electra.encoder.layer.{number}.{theirs}"
    names |= {f"{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in modules.items() for kind in KINDS}
    if part == "generator":
        names["generator_head.bias"] = "generator_lm_head.bias"
    return names


def to_transformers(model: Electra, part: str) -> dict[str, Tensor]:
    """The tensors of ``discriminator`` or ``generator`` under transformers' names."""
    tensors = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    encoder: EncoderShape = getattr(model.shape, part)
    projected = encoder.hidden != model.shape.embedding
    named = {theirs: tensors[ours] for ours, theirs in _pairs(part, encoder.layers, projected=projected).items()}
    for number in range(encoder.layers):
        for kind in KINDS:
            thirds = tensors[f"{part}.layers.{number}.qkv.{kind}"].chunk(3)
            for theirs, third in zip(QKV, thirds, strict=True):
                named[f"electra.encoder.layer.{number}.{theirs}.{kind}"] = third
    if part == "discriminator":
        named["electra.embeddings.word_embeddings.weight"] = model.discriminator_words().detach()
    return {name: tensor.cpu().contiguous() for name, tensor in named.items()}


def to_config(shape: ModelShape, part: str, *, pad: int) -> dict[str, Any]:
    """The config.json of ``discriminator`` or ``generator`` as transformers writes it."""
    encoder: EncoderShape = getattr(shape, part)
    return {
        "architectures": [ARCHITECTURE[part]],
        "attention_probs_dropout_prob": DROPOUT,
        "dtype": "float32",
        "embedding_size": shape.embedding,
        "hidden_act": "gelu",
        "hidden_dropout_prob": DROPOUT,
        "hidden_size": encoder.hidden,
        "initializer_range": INIT_STD,
        "intermediate_size": encoder.feed_forward,
        "layer_norm_eps": NORM_EPSILON,
        "max_position_embeddings": shape.positions,
        "model_type": "electra",
        "num_attention_heads": encoder.heads,
        "num_hidden_layers": encoder.layers,
        "pad_token_id": pad,
        "summary_activation": "gelu",
        "summary_last_dropout": DROPOUT,
        "summary_type": "first",
        "summary_use_proj": True,
        "tie_word_embeddings": True,
        "type_vocab_size": 2,
        "vocab_size": shape.vocabulary,
    }


def _encoder_shape(config: dict[str, Any]) -> EncoderShape:
    return EncoderShape(
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        heads=config["num_attention_heads"],
        feed_forward=config["intermediate_size"],
    )


def from_transformers(discriminator: Path, generator: Path | None, *, lacking: EncoderShape | None = None) -> Electra:
    """Our model from two folders that transformers (or we) wrote: ElectraForPreTraining and ElectraForMaskedLM.

    Where their word vectors differ, the discriminator keeps its own as ``word_delta`` (GDES). Without a generator one
    of the shape ``lacking`` begins fresh, on the discriminator's embeddings.

    Raises:
        InputError: a folder lacks its files, is of another kind, or the two do not fit together.
    """
    if generator is None:
        assert lacking is not None
        return _discriminator_alone(discriminator, lacking)
    parts = {"generator": _read(generator), "discriminator": _read(discriminator)}
    configs = {part: config for part, (config, _) in parts.items()}
    for name in ("vocab_size", "embedding_size", "max_position_embeddings"):
        if configs["generator"][name] != configs["discriminator"][name]:
            raise InputError(
                f"{generator}: its {name} is not that of {discriminator}. Give two that were trained together."
            )
    for theirs in list(EMBEDDINGS.values())[1:]:
        if not torch.equal(parts["generator"][1][theirs], parts["discriminator"][1][theirs]):
            raise InputError(
                f"{generator}: its {theirs} is not that of {discriminator}. They were not trained together."
            )
    words = {part: tensors[EMBEDDINGS["embeddings.word.weight"]] for part, (_, tensors) in parts.items()}
    gdes = not torch.equal(words["generator"], words["discriminator"])
    shape = ModelShape(
        vocabulary=configs["generator"]["vocab_size"],
        embedding=configs["generator"]["embedding_size"],
        positions=configs["generator"]["max_position_embeddings"],
        discriminator=_encoder_shape(configs["discriminator"]),
        generator=_encoder_shape(configs["generator"]),
        gdes=gdes,
    )
    model = Electra(shape)
    ours: dict[str, Tensor] = {}
    for part in ("discriminator", "generator"):
        ours |= _to_ours(
            parts[part][1], part, getattr(shape, part), projected=shape.embedding != getattr(shape, part).hidden
        )
    if gdes:
        ours["word_delta"] = words["discriminator"] - words["generator"]
    refuse_misfit(model.state_dict(), ours, discriminator.parent, "config.json and model.safetensors disagree.")
    model.load_state_dict(ours)
    return model.eval()


def _discriminator_alone(folder: Path, generator: EncoderShape) -> Electra:
    config, tensors = _read(folder)
    discriminator = _encoder_shape(config)
    embedding = config["embedding_size"]
    shape = ModelShape(
        vocabulary=config["vocab_size"],
        embedding=embedding,
        positions=config["max_position_embeddings"],
        discriminator=discriminator,
        generator=generator,
    )
    model = Electra(shape).initialise(1)
    ours = _to_ours(tensors, "discriminator", discriminator, projected=embedding != discriminator.hidden)
    expected = {name: tensor for name, tensor in model.state_dict().items() if name in ours}
    refuse_misfit(expected, ours, folder, "config.json and model.safetensors disagree.")
    model.load_state_dict(ours, strict=False)
    return model.eval()


def _to_ours(tensors: dict[str, Tensor], part: str, encoder: EncoderShape, *, projected: bool) -> dict[str, Tensor]:
    try:
        ours = {name: tensors[theirs] for name, theirs in _pairs(part, encoder.layers, projected=projected).items()}
        for number in range(encoder.layers):
            for kind in KINDS:
                thirds = [tensors[f"electra.encoder.layer.{number}.{theirs}.{kind}"] for theirs in QKV]
                ours[f"{part}.layers.{number}.qkv.{kind}"] = torch.cat(thirds)
    except KeyError as error:
        raise InputError(f"the {part}'s model.safetensors has no tensor {error}: not an ELECTRA {part}.") from error
    return ours


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    config = read_json(folder / "config.json")
    if config.get("model_type") != "electra":
        raise InputError(f"{folder}: a model of type {config.get('model_type')}, not electra.")
    if missing := sorted(CONFIG_SHAPE - config.keys()):
        raise InputError(f"{folder / 'config.json'}: says nothing of {', '.join(missing)}.")
    path = folder / "model.safetensors"
    older = folder / "pytorch_model.bin"
    try:
        if older.is_file() and not path.is_file():
            path = older
            tensors = torch.load(older, map_location="cpu", weights_only=True)
        else:
            tensors = safetensors.torch.load_file(path)
    except (OSError, SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error}).") from error
    if (broken := first_not_finite(tensors)) is not None:
        raise InputError(f"{path}: {broken} holds numbers that are not finite. Fetch or train the model again.")
    if absent := [name for name in EMBEDDINGS.values() if name not in tensors]:
        raise InputError(f"{path}: no tensor {', '.join(absent)}: not an ELECTRA model.")
    return config, tensors
