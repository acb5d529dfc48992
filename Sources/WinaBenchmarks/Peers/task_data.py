"""Writes the files that the tasks of tasks/ name, from a folder of benchmarks.

    task_data.py BENCHMARKS OUT TASK,TASK MODEL

It also links the checkpoint MODEL as OUT/model.
"""

import json
import sys
from pathlib import Path

import zstandard

FILES = {
    "arc_challenge": "arc_challenge/validation.jsonl",
    "arc_easy": "arc_easy/validation.jsonl",
    "boolq": "boolq/validation.jsonl",
    "gsm8k": "gsm8k/test.jsonl",
    "hellaswag": "hellaswag/olmo_rc5shot_1000.jsonl",
    "lambada_openai": "lambada_openai/test.jsonl",
    "openbookqa": "openbookqa/validation.jsonl",
    "piqa": "piqa/validation.jsonl",
    "piqa_all": "piqa/validation.jsonl",
    "winogrande": "winogrande_xl/validation.jsonl",
}


def text(folder, name):
    """Returns the text of a file, compressed or not."""
    plain = folder / name
    if plain.exists():
        return plain.read_text(encoding="utf-8")
    with open(folder / (name + ".zst"), "rb") as source:
        return zstandard.ZstdDecompressor().stream_reader(source).read().decode("utf-8")


def pages(text):
    """Divides WikiText into its articles as the data set by document does."""
    lines, found = [], []
    for line in text.split("\n"):
        heading = line.replace("= = =", "===").replace("= =", "==").strip()
        if heading.startswith("= ") and heading.endswith(" ="):
            page = "\n".join(lines)
            if page.strip():
                found.append(page)
            lines = []
        lines.append(line)
    return found + ["\n".join(lines)]


def name_special_tokens(model, out):
    """Copies a checkpoint, naming the special tokens where it only numbers them."""
    (out / "model").mkdir(exist_ok=True)
    for path in model.iterdir():
        target = out / "model" / path.name
        if path.is_file() and path.suffix in (".json", ".safetensors") and not target.exists():
            target.symlink_to(path.resolve())
    settings = out / "model" / "tokenizer_config.json"
    if settings.exists():
        return
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    added = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
    tokens = {token["id"]: token["content"] for token in added}
    names = {"tokenizer_class": "PreTrainedTokenizerFast"}
    for kind in ("bos", "eos"):
        if config.get(f"{kind}_token_id") in tokens:
            names[f"{kind}_token"] = tokens[config[f"{kind}_token_id"]]
    settings.write_text(json.dumps(names) + "\n", encoding="utf-8")


def main():
    name_special_tokens(Path(sys.argv[4]), Path(sys.argv[2]))
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    for task in sys.argv[3].split(","):
        if task == "wikitext":
            records = [{"page": page} for page in pages(text(folder, "wikitext2/test.txt"))]
            content = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
        elif task.startswith("mmlu_"):
            lines = text(folder, "mmlu/test.jsonl").rstrip("\n").split("\n")
            subject = task.removeprefix("mmlu_")
            content = "".join(l + "\n" for l in lines if json.loads(l)["subject"] == subject)
        else:
            content = text(folder, FILES[task])
        if task == "gsm8k":
            train = text(folder, "gsm8k/train.jsonl")
            (out / "gsm8k_train.jsonl").write_text(train, encoding="utf-8")
        (out / f"{task}.jsonl").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
