"""Compares the bundled model in transformers and in wina: the same tokens, the same logits.

    .build/venv/bin/python models/octet/check.py            # compare
    .build/venv/bin/python models/octet/check.py --write    # also renew the fixture of the tests

Both compute in f32 from the bf16 weights. The environment is that of train.py.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIXTURE = ROOT / "Tests/Fixtures/octet/golden.safetensors"


def texts(wina):
    """One prompt with its answer of every family, none of them trained on."""
    seen = {}
    for index in range(0, 20):
        command = [wina, "suite", "octet", "--training", "--seed", "99", "--from", str(index)]
        line = subprocess.run(command + ["--count", "1"], check=True, capture_output=True).stdout
        item = json.loads(line)
        family = item["id"].split("-")[0]
        seen.setdefault(family, item["query"] + " " + item["choices"][item["gold"]])
    return seen


def main(options):
    model = LlamaForCausalLM.from_pretrained(HERE, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
    worst = 0.0
    for family, text in sorted(texts(options.wina).items()):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "out.safetensors"
            command = [options.wina, "forward", str(HERE), "--text", text, "--output", str(output)]
            subprocess.run(command, check=True, capture_output=True)
            ours = load_file(output)
        ids = torch.tensor([tokenizer.encode(text).ids])
        assert torch.equal(ids, ours["input_ids"].long()), "different tokens"
        with torch.no_grad():
            theirs = model(ids).logits
        difference = (theirs - ours["logits"]).abs().max().item()
        worst = max(worst, difference)
        same = torch.equal(theirs.argmax(-1), ours["logits"].argmax(-1))
        print(f"{family:12} {ids.shape[1]:3} tokens  largest difference {difference:.1e}  same argmax: {same}")
        if family == "programs" and options.write:
            FIXTURE.parent.mkdir(parents=True, exist_ok=True)
            save_file({"input_ids": ids, "logits": theirs.contiguous()}, FIXTURE)
    print(f"largest difference of a logit: {worst:.1e}")
    assert worst < 1e-4


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wina", default=str(ROOT / ".build/release/wina"))
    parser.add_argument("--write", action="store_true")
    main(parser.parse_args())
