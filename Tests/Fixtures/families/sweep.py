"""Compare `wina forward` with transformers on random variants of every family.

    python sweep.py WINA COUNT [FIRST SEED]

Prints one line for each variant that differs or is refused and the worst error of each family.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import torch
from generate import sizes, write
from safetensors.torch import load_file, save_file
from transformers.utils import logging

LIMIT = 1e-4


def random_rope(pick, family, width):
    """Return the numbers of a rotary embedding that the family accepts."""
    rope = {"rope_theta": pick.choice([10000.0, 500.0, 1000000.0, 37.5])}
    if family == "phi3":
        share = pick.choice([None, 1.0, 0.5, 0.75, 0.25])
        if share and int(width * share) % 2 == 0 and int(width * share) > 0:
            rope["partial_rotary_factor"] = share
        return rope
    kind = pick.choice(["default", "none", "linear", "dynamic", "llama3", "yarn", "yarn"])
    if kind == "none":
        return rope
    rope[pick.choice(["rope_type", "rope_type", "type"])] = kind
    if kind != "default":
        rope["factor"] = pick.choice([1.0, 2.0, 4, 3.7, 32.0])
    if kind == "llama3":
        rope |= {"low_freq_factor": pick.choice([1.0, 2.0]), "high_freq_factor": 4.0}
        rope["original_max_position_embeddings"] = pick.choice([8, 16, 32])
    if kind == "yarn":
        options = {
            "original_max_position_embeddings": pick.choice([8, 16, 32]),
            "attention_factor": pick.choice([0.7, 1.0, 1.3]),
            "beta_fast": pick.choice([8, 32.0, 4.0]),
            "beta_slow": pick.choice([1, 2.0]),
            "truncate": pick.choice([True, False]),
            "mscale": pick.choice([1.0, 0.707]),
            "mscale_all_dim": pick.choice([1.0, 0.5]),
            "finetuned": True,
        }
        rope |= {key: value for key, value in options.items() if pick.random() < 0.5}
        if "original_max_position_embeddings" not in rope and pick.random() < 0.3:
            rope["factor"] = None
    return rope


def random_windows(pick, family, layers):
    """Return the keys that say how far attention sees."""
    # Not 1: with it, the cache of transformers holds more than its mask expects.
    window = pick.choice([None, 2, 3, 5, 16, 100])
    if family in ("mistral", "phi3"):
        return pick.choice([{}, {"sliding_window": window}, {"sliding_window": window}])
    if family == "llama":
        return pick.choice([{}, {}, {"layer_types": ["full_attention"] * layers}])
    keys = {"use_sliding_window": pick.random() < 0.6}
    if pick.random() < 0.8:
        keys["sliding_window"] = window
    keys["max_window_layers"] = pick.choice([0, 1, layers, 28])
    slides = keys["use_sliding_window"] and keys.get("sliding_window", 4096) is not None
    if pick.random() < 0.4:
        kinds = ["full_attention", "sliding_attention"] if slides else ["full_attention"]
        keys["layer_types"] = [pick.choice(kinds) for _ in range(layers)]
    return keys


def random_variant(seed):
    """Return a variant that transformers accepts."""
    pick = random.Random(seed)
    family = pick.choice(["llama", "mistral", "qwen2", "qwen3", "phi3"])
    key_value_heads = pick.choice([1, 2, 3, 4])
    heads = key_value_heads * pick.choice([1, 2, 3])
    width = pick.choice([2, 4, 6, 8, 10, 12, 16, 18])
    hidden = (
        heads * pick.choice([2, 4, 6, 8]) if heads > 4 else heads * pick.choice([8, 10, 12, 16])
    )
    own_width = family == "qwen3" or pick.random() < 0.5
    if not own_width:
        width = hidden // heads
    layers = pick.choice([1, 2, 3])
    keys = sizes(hidden, heads, key_value_heads, pick.randint(48, 80), pick.randint(64, 96), layers)
    if own_width:
        keys["head_dim"] = width
    if family in ("llama", "phi3") and key_value_heads == heads and pick.random() < 0.5:
        del keys["num_key_value_heads"]
    if family == "mistral" and heads == 8 and key_value_heads == 8:
        del keys["num_key_value_heads"]
    if pick.random() < 0.2:
        del keys["rms_norm_eps"]
    else:
        keys["rms_norm_eps"] = pick.choice([1e-5, 1e-6, 1e-3])
    if family == "llama":
        keys |= {"attention_bias": pick.random() < 0.5, "mlp_bias": pick.random() < 0.5}
    if family == "qwen3":
        keys["attention_bias"] = pick.random() < 0.5
    if family == "phi3":
        keys |= {"embd_pdrop": 0.0, "resid_pdrop": 0.0, "original_max_position_embeddings": 64}
        keys["attention_bias"] = False
    rope = random_rope(pick, family, width)
    if rope.get("rope_type", rope.get("type")) in ("yarn", "llama3") and pick.random() < 0.15:
        keys["original_max_position_embeddings"] = pick.choice([16, 64])
    if rope.get("rope_type", rope.get("type")) == "dynamic" and width <= 2:
        rope["rope_type"] = "linear"
    keys["tie_word_embeddings"] = pick.random() < 0.5
    keys["hidden_act"] = pick.choice(["silu", "silu", "swish"])
    keys |= random_windows(pick, family, layers)
    return {
        "family": family,
        "layout": pick.choice([4, 5]),
        "type": pick.choice(["f32", "f16", "bf16", "mixed"]),
        "shards": pick.choice([1, 1, 2, 4]),
        "head": pick.choice(["table", "both", "head"]),
        "rope": rope,
        "keys": keys,
        "seed": seed,
        "length": pick.randint(20, 40),
        "added": 8,
    }


def worst(found, expected):
    """Return the largest |a - b| / (1 + |b|)."""
    if found.shape != expected.shape:
        return float("inf")
    error = ((found - expected).abs() / (1 + expected.abs())).max().item()
    return float("inf") if error != error else error


def compare(wina, folder, length):
    """Return the largest error of a folder, in one pass and token by token."""
    numbers = load_file(folder / "golden.safetensors")
    ids = folder / "ids.safetensors"
    save_file({"input_ids": torch.cat([numbers["input_ids"], numbers["greedy"]], 1)}, ids)
    largest = 0.0
    for more in ([], ["--incremental"]):
        out = folder / "found.safetensors"
        command = [wina, "forward", str(folder), "--ids", str(ids), "--output", str(out), *more]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        found = load_file(out)
        for name, expected in numbers.items():
            if name not in ("input_ids", "greedy") and name in found:
                largest = max(largest, worst(found[name][:, :length], expected))
        if not more:
            missing = [name for name in numbers if name not in found and name != "greedy"]
            assert not missing, missing
        scores = found["logits"][:, length - 1 : -1]
        chosen = scores.gather(2, numbers["greedy"][..., None])[..., 0]
        largest = max(largest, (scores.max(-1).values - chosen).max().item() / 2)
    return largest


def main():
    """Run the sweep."""
    os.environ["TQDM_DISABLE"] = "1"
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    wina, count = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    errors, states = defaultdict(float), Counter()
    for seed in range(first, first + count):
        variant = random_variant(seed)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "model"
            try:
                write(folder, variant)
            except Exception as error:
                states["refused by transformers"] += 1
                print(f"{seed} transformers: {type(error).__name__} {str(error)[:160]}", flush=True)
                continue
            try:
                error = compare(wina, folder, variant["length"])
            except RuntimeError as fault:
                states["refused by wina"] += 1
                print(f"{seed} wina: {fault}", flush=True)
                continue
            family = variant["family"]
            states[family] += 1
            errors[family] = max(errors[family], error)
            if not error <= LIMIT:
                states["differ"] += 1
                print(f"{seed} {error:.2e} {json.dumps(variant)}", flush=True)
    print(dict(states), {name: f"{error:.1e}" for name, error in sorted(errors.items())})


if __name__ == "__main__":
    main()
