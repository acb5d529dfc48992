"""Trains the octet model on the training stream of the octet suite.

    python -m venv .build/venv
    .build/venv/bin/pip install torch transformers tokenizers safetensors numpy zstandard
    make build
    .build/venv/bin/python models/octet/train.py

The data come from `wina suite octet --training`, as they are consumed; no item is kept. Everything
is seeded. The work folder keeps a checkpoint: run the same command again to go on after an
interruption. README.md beside this file says which versions made the bundled weights.
"""

import argparse
import json
import math
import os
import subprocess
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STREAM_SEED = 7  # of the training stream
END = "<|end|>"


def items(wina, first, count):
    """The (prompt, answer) pairs of the training stream from item `first` on."""
    command = [wina, "suite", "octet", "--training", "--seed", str(STREAM_SEED)]
    command += ["--from", str(first), "--count", str(count)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    for record in map(json.loads, lines):
        yield record["query"], " " + record["choices"][record["gold"]]


def make_tokenizer(wina, vocabulary):
    """A byte-level BPE of single digits, learnt from the first 80,000 items."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((q + a for q, a in items(wina, 0, 80_000)), trainer)
    return tokenizer


class Batches:
    """Batches of the stream: a function of the step, so that training can go on anywhere.

    A batch is `size` consecutive items, shared out over `parts` by length so that little is padded.
    """

    CHUNK = 128  # steps whose items are fetched at once

    def __init__(self, wina, tokenizer, size, parts):
        self.wina, self.tokenizer, self.size, self.parts = wina, tokenizer, size, parts
        self.end = tokenizer.token_to_id(END)
        self.start, self.rows = None, []

    def _fetch(self, start):
        pairs = list(items(self.wina, start * self.size, self.CHUNK * self.size))
        prompts = self.tokenizer.encode_batch([q for q, _ in pairs], add_special_tokens=False)
        answers = self.tokenizer.encode_batch([a for _, a in pairs], add_special_tokens=False)
        self.start = start
        self.rows = [(p.ids, a.ids + [self.end]) for p, a in zip(prompts, answers)]

    def parts_of(self, step):
        """Yields (ids, weights of the targets' classes) of the parts: ids [B, T], answer [B, T]."""
        start = step - step % self.CHUNK
        if self.start != start:
            self._fetch(start)
        first = (step - start) * self.size
        rows = sorted(self.rows[first : first + self.size], key=lambda r: len(r[0]) + len(r[1]))
        for part in np.array_split(np.arange(len(rows)), self.parts):
            chosen = [rows[i] for i in part]
            width = max(len(p) + len(a) for p, a in chosen)
            ids = np.zeros((len(chosen), width), dtype=np.int64)
            kind = np.zeros((len(chosen), width), dtype=np.int64)  # 0 padding, 1 prompt, 2 answer
            for row, (p, a) in enumerate(chosen):
                ids[row, : len(p) + len(a)] = p + a
                kind[row, : len(p)] = 1
                kind[row, len(p) : len(p) + len(a)] = 2
            yield torch.from_numpy(ids), torch.from_numpy(kind)


def losses(model, ids, kind):
    """Sums of the negative log-likelihood over prompt and answer tokens, and their numbers."""
    hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
    target, kind = ids[:, 1:], kind[:, 1:]
    used = kind > 0
    nll = F.cross_entropy(model.lm_head(hidden[used]), target[used], reduction="none")
    kind = kind[used]
    return nll[kind == 1].sum(), nll[kind == 2].sum(), (kind == 1).sum(), (kind == 2).sum()


def rate(step, steps, warmup=100, decay=0.4):
    """The share of the peak learning rate: warm-up, a plateau, linear decay to zero."""
    return min(1, (step + 1) / warmup, (steps - step) / (decay * steps))


def optimizers(model):
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(matrices, lr=0.02, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(rest, lr=0.004, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def save(model, tokenizer, output):
    """Writes the model in bf16, in the layout of Hugging Face."""
    output.mkdir(parents=True, exist_ok=True)
    copy = LlamaForCausalLM(model.config).to(torch.bfloat16)
    copy.load_state_dict(model.state_dict())
    copy.save_pretrained(output)
    (output / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(output / "tokenizer.json"))


def train(options):
    torch.manual_seed(options.seed)
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    saved_tokenizer, checkpoint = work / "tokenizer.json", work / "checkpoint.pt"
    if not saved_tokenizer.exists():
        make_tokenizer(options.wina, options.vocabulary).save(str(saved_tokenizer))
    tokenizer = Tokenizer.from_file(str(saved_tokenizer))
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=options.hidden,
            intermediate_size=options.ffn,
            num_hidden_layers=options.layers,
            num_attention_heads=options.heads,
            num_key_value_heads=options.kv_heads,
            max_position_embeddings=256,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            initializer_range=0.02,
            bos_token_id=0,
            eos_token_id=0,
        )
    )
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    steps = options.items // options.batch
    batches = Batches(options.wina, tokenizer, options.batch, options.parts)
    optims = optimizers(model)
    peaks = [g["lr"] for o in optims for g in o.param_groups]
    first, seconds = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        for optim, saved in zip(optims, state["optimizers"]):
            optim.load_state_dict(saved)
        first, seconds = state["step"], state["seconds"]
        print(f"going on at step {first}", flush=True)
    began = time.monotonic() - seconds
    log = open(work / "log.jsonl", "a", buffering=1)
    recent, tokens = np.zeros(4), 0
    for step in range(first, steps):
        scale = rate(step, steps)
        for peak, group in zip(peaks, (g for o in optims for g in o.param_groups)):
            group["lr"] = peak * scale
        parts = list(batches.parts_of(step))
        weight = sum(((k == 2).sum() + options.prompt_weight * (k == 1).sum()).item() for _, k in parts)
        for ids, kind in parts:
            prompt, answer, prompts, answers = losses(model, ids, kind)
            ((options.prompt_weight * prompt + answer) / weight).backward()
            recent += [prompt.item(), answer.item(), prompts.item(), answers.item()]
            tokens += kind.numel()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optim in optims:
            optim.step()
            optim.zero_grad(set_to_none=True)
        if (step + 1) % 50 == 0:
            row = {
                "step": step + 1,
                "items": (step + 1) * options.batch,
                "prompt_nll": recent[0] / recent[2],
                "answer_nll": recent[1] / recent[3],
                "seconds": time.monotonic() - began,
            }
            print(json.dumps(row), file=log)
            recent[:] = 0
        if (step + 1) % options.every == 0 or step + 1 == steps:
            state = {
                "model": model.state_dict(),
                "optimizers": [o.state_dict() for o in optims],
                "step": step + 1,
                "seconds": time.monotonic() - began,
            }
            torch.save(state, work / "checkpoint.new")
            os.replace(work / "checkpoint.new", checkpoint)
            save(model, tokenizer, Path(options.output))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wina", default=str(ROOT / ".build/release/wina"))
    parser.add_argument("--work", default=str(ROOT / ".build/octet-training"))
    parser.add_argument("--output", default=str(HERE))
    parser.add_argument("--items", type=int, default=1_075_200)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--every", type=int, default=300, help="steps between checkpoints")
    parser.add_argument("--prompt-weight", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=1024)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--ffn", type=int, default=448)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--kv-heads", type=int, default=3)
    train(parser.parse_args())
