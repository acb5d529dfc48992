"""Make tiny random checkpoints of every family and the numbers that transformers gives for them.

    python generate.py            write the fixtures beside this file
    python generate.py OUT NAME…  write some of them to another folder

Needs torch, safetensors and transformers 5. The same versions give the same files.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

ARCHITECTURES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "phi3": "Phi3ForCausalLM",
}
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def config_json(family, layout, rope, keys):
    """Return a config.json as transformers 4 or 5 lays it out.

    `rope` holds rope_theta, rope_type, its numbers and partial_rotary_factor, where they apply.
    """
    config = {
        "architectures": [ARCHITECTURES[family]],
        "model_type": family,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "use_cache": True,
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "tie_word_embeddings": False,
    } | keys
    rope = dict(rope)
    if layout == 5:
        config |= {"dtype": "float32", "transformers_version": "5.24.0"}
        config["rope_parameters"] = {"rope_type": "default"} | rope
    else:
        config |= {"torch_dtype": "float32", "transformers_version": "4.44.2"}
        for key in ("rope_theta", "partial_rotary_factor"):
            if key in rope:
                config[key] = rope.pop(key)
        config["rope_scaling"] = rope or None
    return {key: value for key, value in config.items() if value != "absent"}


def randomize(model, generator):
    """Give every weight a size that keeps activations near 1, so that errors show."""
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if weight.dim() == 1:
            noise = 0.3 * noise + (0 if name.endswith("bias") else 1)
        elif "embed" not in name:
            noise = noise * (1.2 / weight.shape[1] ** 0.5)
        weight.data.copy_(noise)


def stored(model, kind, head, generator):
    """Return the tensors to store: `kind` is a type or 'mixed', `head` which of tied ones."""
    tensors = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    if model.config.tie_word_embeddings:
        table = tensors["model.embed_tokens.weight"]
        if head in ("both", "head"):
            tensors["lm_head.weight"] = table.clone()
        if head == "head":
            del tensors["model.embed_tokens.weight"]
    kinds = list(TYPES)
    for name in sorted(tensors):
        chosen = kind
        if kind == "mixed":
            chosen = kinds[int(torch.randint(len(kinds), (1,), generator=generator))]
        tensors[name] = tensors[name].to(TYPES[chosen])
    if "lm_head.weight" in tensors and model.config.tie_word_embeddings and head == "both":
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()
    return tensors


def save(folder, tensors, shards):
    """Write one file, or several with an index."""
    meta = {"format": "pt"}
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata=meta)
        return
    names, weight_map = sorted(tensors), {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: tensors[name] for name in names[shard::shards]}
        weight_map |= dict.fromkeys(part, file)
        save_file(part, folder / file, metadata=meta)
    size = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))


def golden(folder, generator, batch, length, added):
    """Return what transformers computes in f32 from a folder, with its own reading of the files."""
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    problems = [key for key in info if info[key] and key != "error_msgs"]
    assert not problems, (folder, {key: info[key] for key in problems})
    model.eval()
    ids = torch.randint(3, model.config.vocab_size, (batch, length), generator=generator)
    with torch.no_grad():
        result = model(ids, output_hidden_states=True, use_cache=False)
        text = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=added,
            min_new_tokens=added,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
    tensors = {"input_ids": ids, "greedy": text[:, length:], "logits": result.logits}
    for index, state in enumerate(result.hidden_states):
        tensors[f"hidden.{index}"] = state
    return {name: tensor.contiguous().clone() for name, tensor in tensors.items()}


def write(folder, variant):
    """Write config.json, the weights and golden.safetensors of a variant into a fresh folder."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = config_json(variant["family"], variant["layout"], variant["rope"], variant["keys"])
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    generator = torch.Generator().manual_seed(variant["seed"])
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    randomize(model, generator)
    tensors = stored(model, variant.get("type", "f32"), variant.get("head", "table"), generator)
    save(folder, tensors, variant.get("shards", 1))
    numbers = golden(folder, generator, 2, variant.get("length", 20), variant.get("added", 8))
    save_file(numbers, folder / "golden.safetensors")


def sizes(hidden, heads, key_value_heads, feed_forward, vocabulary, layers=2, **more):
    """Return the keys of config.json that are sizes."""
    return {
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": key_value_heads,
        "intermediate_size": feed_forward,
        "vocab_size": vocabulary,
        "num_hidden_layers": layers,
        "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5,
    } | more


FIXTURES = {
    "llama3-biases-f16": {
        "family": "llama",
        "layout": 4,
        "type": "f16",
        "rope": {
            "rope_type": "llama3",
            "rope_theta": 500.0,
            "factor": 4.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16,
        },
        "keys": sizes(32, 4, 2, 48, 64, attention_bias=True, mlp_bias=True, head_dim=12),
    },
    "llama-linear-sharded": {
        "family": "llama",
        "layout": 5,
        "type": "mixed",
        "shards": 3,
        "rope": {"rope_type": "linear", "rope_theta": 1000.0, "factor": 2.5},
        "keys": sizes(36, 3, 1, 50, 65, tie_word_embeddings=True),
    },
    "mistral-window-yarn": {
        "family": "mistral",
        "layout": 4,
        "type": "bf16",
        "rope": {
            "type": "yarn",
            "rope_theta": 10000.0,
            "factor": 4.0,
            "original_max_position_embeddings": 16,
        },
        "keys": sizes(32, 4, 2, 48, 64, head_dim=10, sliding_window=5),
    },
    "mistral-dynamic": {
        "family": "mistral",
        "layout": 5,
        "type": "f16",
        "rope": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0},
        "keys": sizes(32, 4, 1, 48, 64, sliding_window=None),
    },
    "qwen2-sliding": {
        "family": "qwen2",
        "layout": 4,
        "type": "bf16",
        "rope": {"rope_theta": 1000000.0},
        "keys": sizes(
            32,
            4,
            2,
            48,
            64,
            layers=3,
            tie_word_embeddings=True,
            use_sliding_window=True,
            sliding_window=6,
            max_window_layers=1,
        ),
    },
    "qwen3-layer-types": {
        "family": "qwen3",
        "layout": 5,
        "type": "f16",
        "rope": {
            "rope_type": "yarn",
            "rope_theta": 10000.0,
            "factor": 2.0,
            "original_max_position_embeddings": 32,
            "attention_factor": 0.9,
            "truncate": False,
            "beta_fast": 16.0,
        },
        "keys": sizes(
            32,
            4,
            2,
            48,
            64,
            head_dim=10,
            attention_bias=True,
            use_sliding_window=True,
            sliding_window=7,
            max_window_layers=0,
            layer_types=["sliding_attention", "full_attention"],
        ),
    },
    "phi3-partial": {
        "family": "phi3",
        "layout": 4,
        "type": "bf16",
        "rope": {"rope_theta": 250.0, "partial_rotary_factor": 0.75},
        "keys": sizes(32, 4, 2, 48, 64, sliding_window=9, original_max_position_embeddings=64),
    },
    "phi3-half-tied": {
        "family": "phi3",
        "layout": 5,
        "type": "f16",
        "head": "both",
        "rope": {"rope_theta": 10000.0, "partial_rotary_factor": 0.5},
        "keys": sizes(48, 4, 1, 48, 64, tie_word_embeddings=True, sliding_window=None),
    },
}


def main():
    """Write the fixtures named on the command line, or all."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for seed, (name, variant) in enumerate(FIXTURES.items()):
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            write(out / name, {"seed": 100 + seed} | variant)


if __name__ == "__main__":
    main()
