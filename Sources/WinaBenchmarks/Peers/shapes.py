"""Writes Llama checkpoints of random weights in the shapes that the benchmarks measure.

    shapes.py DIR                                # small, medium and eval24m
    shapes.py DIR eval24m --tokenizer FILE       # with a tokenizer.json of 32,000 tokens
    shapes.py DIR seven                          # 13.5 GB

Each becomes a folder DIR/SHAPE-DTYPE as transformers writes it. Weights are drawn from one block of
normal numbers with a standard deviation of 0.02, read over and over: what a product costs does not
depend on its values, so only their scale matters. Nothing is held but the block, so that a
checkpoint may be larger than memory. A folder that exists is left as it is.
"""

import argparse
import json
import math
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VOCABULARY = 32_000
SPECIALS = ["<unk>", "<s>", "</s>"]
# A prime, so that no two rows of a matrix start at the same place of the block.
BLOCK = 33_554_393
CHUNK = 1 << 22
SHARD_BYTES = 4_500_000_000
BYTES = {"f32": 4, "bf16": 2}


@dataclass(frozen=True)
class Shape:
    """The extents of a Llama model, and the number formats it is written in."""

    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    feed_forward: int
    dtypes: tuple
    tied: bool = False
    context: int = 2048

    def tensors(self):
        """Yields the name and extents of every tensor, outputs first."""
        head_size = self.hidden // self.heads
        key_value = self.key_value_heads * head_size
        yield "model.embed_tokens.weight", (VOCABULARY, self.hidden)
        for layer in range(self.layers):
            prefix = f"model.layers.{layer}."
            yield prefix + "input_layernorm.weight", (self.hidden,)
            yield prefix + "self_attn.q_proj.weight", (self.hidden, self.hidden)
            yield prefix + "self_attn.k_proj.weight", (key_value, self.hidden)
            yield prefix + "self_attn.v_proj.weight", (key_value, self.hidden)
            yield prefix + "self_attn.o_proj.weight", (self.hidden, self.hidden)
            yield prefix + "post_attention_layernorm.weight", (self.hidden,)
            yield prefix + "mlp.gate_proj.weight", (self.feed_forward, self.hidden)
            yield prefix + "mlp.up_proj.weight", (self.feed_forward, self.hidden)
            yield prefix + "mlp.down_proj.weight", (self.hidden, self.feed_forward)
        yield "model.norm.weight", (self.hidden,)
        if not self.tied:
            yield "lm_head.weight", (VOCABULARY, self.hidden)

    @property
    def parameters(self):
        """How many weights the model has."""
        return sum(math.prod(extents) for _, extents in self.tensors())

    def configuration(self, dtype):
        """Returns the content of config.json."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "head_dim": self.hidden // self.heads,
            "hidden_act": "silu",
            "hidden_size": self.hidden,
            "initializer_range": 0.02,
            "intermediate_size": self.feed_forward,
            "max_position_embeddings": self.context,
            "mlp_bias": False,
            "model_type": "llama",
            "num_attention_heads": self.heads,
            "num_hidden_layers": self.layers,
            "num_key_value_heads": self.key_value_heads,
            "rms_norm_eps": 1e-05,
            "rope_theta": 10000.0,
            "tie_word_embeddings": self.tied,
            "torch_dtype": {"f32": "float32", "bf16": "bfloat16"}[dtype],
            "use_cache": True,
            "vocab_size": VOCABULARY,
        }


BOTH = ("f32", "bf16")
SHAPES = {
    "small": Shape(288, 6, 6, 6, 768, dtypes=BOTH, tied=True),
    "medium": Shape(2048, 4, 32, 4, 5632, dtypes=BOTH),
    "eval24m": Shape(288, 6, 6, 6, 768, dtypes=("f32",)),
    "seven": Shape(4096, 32, 32, 32, 11008, dtypes=("bf16",), context=4096),
}


class Weights:
    """An endless stream of normal numbers in one number format."""

    def __init__(self, dtype, seed=7):
        generator = np.random.default_rng(seed)
        block = generator.standard_normal(BLOCK, dtype=np.float32)
        block *= np.float32(0.02)
        self.dtype = dtype
        self.block = encoded(block, dtype)
        self.ones = encoded(np.ones(1, dtype=np.float32), dtype)
        self.place = 0

    def write(self, extents, file):
        """Writes the numbers of one tensor; those of a norm are ones."""
        count = math.prod(extents)
        if len(extents) == 1:
            file.write(np.repeat(self.ones, count).tobytes())
            return
        while count > 0:
            taken = min(count, BLOCK - self.place, CHUNK)
            file.write(memoryview(self.block[self.place : self.place + taken]).cast("B"))
            self.place = (self.place + taken) % BLOCK
            count -= taken


def encoded(values, dtype):
    """Returns the numbers in a number format; bf16 are rounded to the nearest, ties to even."""
    if dtype == "f32":
        return values
    result = np.empty(len(values), dtype=np.uint16)
    for begin in range(0, len(values), CHUNK):
        bits = values[begin : begin + CHUNK].view(np.uint32)
        rounding = ((bits >> 16) & 1) + np.uint32(0x7FFF)
        result[begin : begin + CHUNK] = (bits + rounding) >> 16
    return result


def shards(tensors, dtype):
    """Returns the tensors in groups, none larger than a shard may be."""
    groups, size = [[]], 0
    for name, extents in tensors:
        bytes_ = math.prod(extents) * BYTES[dtype]
        if groups[-1] and size + bytes_ > SHARD_BYTES:
            groups.append([])
            size = 0
        groups[-1].append((name, extents))
        size += bytes_
    return groups


def write_safetensors(path, tensors, weights):
    """Writes one safetensors file, tensor after tensor."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, extents in tensors:
        begin, end = end, end + math.prod(extents) * BYTES[weights.dtype]
        kind = {"f32": "F32", "bf16": "BF16"}[weights.dtype]
        header[name] = {"dtype": kind, "shape": list(extents), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, extents in tensors:
            weights.write(extents, file)


def write_weights(folder, shape, weights):
    """Writes all weights, with an index where they take more than one file."""
    groups = shards(shape.tensors(), weights.dtype)
    if len(groups) == 1:
        write_safetensors(folder / "model.safetensors", groups[0], weights)
        return
    places = {}
    for number, group in enumerate(groups, start=1):
        file = f"model-{number:05}-of-{len(groups):05}.safetensors"
        write_safetensors(folder / file, group, weights)
        places.update({name: file for name, _ in group})
    size = shape.parameters * BYTES[weights.dtype]
    write_json(folder / "model.safetensors.index.json", {
        "metadata": {"total_size": size}, "weight_map": places,
    })


def byte_tokenizer():
    """Returns a tokenizer of single bytes; the other tokens never occur."""
    names = SPECIALS + [f"<0x{byte:02X}>" for byte in range(256)]
    names += [f"<unused {number}>" for number in range(VOCABULARY - len(names))]
    begin = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number, "content": name, "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True,
            }
            for number, name in enumerate(SPECIALS)
        ],
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [
                begin, {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>",
            "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
            "byte_fallback": True, "ignore_merges": False,
            "vocab": {name: number for number, name in enumerate(names)}, "merges": [],
        },
    }


def read_tokenizer(path):
    """Returns the content of a tokenizer.json that fits the vocabulary."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    ids = list(content["model"]["vocab"].values())
    ids += [token["id"] for token in content["added_tokens"]]
    if max(ids) >= VOCABULARY:
        sys.exit(f"shapes.py: {path} has more tokens than the shapes' {VOCABULARY}")
    return content


def write_json(path, content):
    """Writes readable JSON."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_checkpoint(folder, shape, dtype, tokenizer):
    """Writes a checkpoint beside its place and moves it there when it is whole."""
    size = shape.parameters * BYTES[dtype]
    print(f"{folder}: {shape.parameters / 1e6:.1f} M parameters, {size / 1e9:.2f} GB", flush=True)
    free = shutil.disk_usage(folder.parent).free
    if free < size * 1.05:
        sys.exit(f"shapes.py: {folder.parent} has {free / 1e9:.1f} GB left, which is too little")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    write_weights(partial, shape, Weights(dtype))
    write_json(partial / "config.json", shape.configuration(dtype))
    write_json(partial / "tokenizer.json", tokenizer)
    write_json(partial / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
        "unk_token": "<unk>", "add_bos_token": True, "add_eos_token": False,
        "model_max_length": shape.context, "clean_up_tokenization_spaces": False,
    })
    os.replace(partial, folder)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path, help="where the checkpoints go")
    parser.add_argument("shape", nargs="*", help=", ".join(SHAPES) + "; without: all but seven")
    parser.add_argument("--tokenizer", help="a tokenizer.json; without: one of single bytes")
    parser.add_argument("--layers", type=int, help="another number of layers, also in the names")
    options = parser.parse_args()
    unknown = [name for name in options.shape if name not in SHAPES]
    if unknown:
        parser.error(f"no shape is named {unknown[0]}; there are: {', '.join(SHAPES)}")
    if options.layers is not None and options.layers < 1:
        parser.error("--layers must be at least 1")

    tokenizer = read_tokenizer(options.tokenizer) if options.tokenizer else byte_tokenizer()
    options.dir.mkdir(parents=True, exist_ok=True)
    for name in options.shape or [name for name in SHAPES if name != "seven"]:
        shape = SHAPES[name]
        if options.layers:
            shape = Shape(**{**shape.__dict__, "layers": options.layers})
            name = f"{name}-{options.layers}layers"
        for dtype in shape.dtypes:
            folder = options.dir / f"{name}-{dtype}"
            if folder.exists():
                print(f"{folder}: is there already")
            else:
                write_checkpoint(folder, shape, dtype, tokenizer)


if __name__ == "__main__":
    main()
