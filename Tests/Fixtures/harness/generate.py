"""Makes the fixtures of the harness with lm-evaluation-harness 0.4.13.

    generate.py samples PEERS             toys and sums on octet: samples_*.jsonl, results.json
    generate.py agreement OUT NAME ...    the numbers of lm_eval_tasks.sh in OUT for model NAME
    generate.py texts                     detokenised pages, hashes, bootstraps, pooled errors

`agreement` merges into agreement.json: the results of every task and the log-likelihoods of a few
items. The records that they come from are not here; they are those of the shared data.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def samples(peers):
    """Runs the harness on the records of this folder with the bundled model."""
    work = Path("/tmp/wina-harness-fixture")
    shutil.rmtree(work, ignore_errors=True)
    (work / "octet").mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (work / "octet" / name).symlink_to(ROOT / "models/octet" / name)
    (work / "octet/tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|end|>",
        "eos_token": "<|end|>"}))
    for name in ("toys.jsonl", "sums.jsonl"):
        shutil.copy(HERE / name, work / name)
    environment = dict(os.environ, HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1",
                       HF_HOME=str(work / "home"), TOKENIZERS_PARALLELISM="false")
    subprocess.run(
        [f"{peers}/venv/bin/python", "-m", "lm_eval", "run", "--model", "hf", "--model_args",
         "pretrained=octet,dtype=float32", "--device", "cpu", "--batch_size", "1",
         "--include_path", str(HERE / "tasks"), "--tasks", "toys,sums", "--log_samples",
         "--output_path", "out"], cwd=work, env=environment, check=True)
    out = work / "out/octet"
    for task in ("toys", "sums"):
        shutil.copy(next(out.glob(f"samples_{task}_*.jsonl")), HERE / f"samples_{task}.jsonl")
    results = json.loads(next(out.glob("results_*.json")).read_text(encoding="utf-8"))
    kept = {key: results[key] for key in ("results", "versions", "n-shot", "higher_is_better",
                                          "n-samples", "task_hashes")}
    kept["keys"] = list(results)
    (HERE / "results.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def agreement(out, name):
    target = HERE / "agreement.json"
    merged = json.loads(target.read_text()) if target.exists() else {}
    model = merged.setdefault(name, {})
    path = sorted(Path(out).rglob("results_*.json"))[-1]
    results = json.loads(path.read_text(encoding="utf-8"))
    for task, values in results["results"].items():
        found = sorted(path.parent.glob(f"samples_{task}_[0-9]*T*.jsonl"))[-1]
        lines = [json.loads(l) for l in found.read_text(encoding="utf-8").split("\n") if l]
        items = [
            {"index": line["doc_id"],
             "log_likelihoods": [float(r if isinstance(r, str) else r[0])
                                 for r in line["filtered_resps"]]}
            for line in lines[:3] + lines[3::40]]
        model[task] = {
            "limit": len(lines), "items": items, "task_hash": results["task_hashes"][task],
            "results": {k: v for k, v in values.items() if "," in k}}
    target.write_text(json.dumps(merged, indent=1, sort_keys=True) + "\n", encoding="utf-8")


PAGES = [
    " \n = Title = \n \n The dog 's tail , which was 1 @,@ 000 cm @-@ long ( about 3 @.@ 3 ft ) , fell "
    ": it did ; so . Why ? No ! \n \n = = Part = = \n \n He said \" hello there \" and ' bye ' . \n",
    " = = = Deep = = = \n [ note ] { a } 20 \u00b0 C and N more 's ( unclosed \n = = = = Deeper = = = = \n",
    "the boys ' toys ( a ( b ) c ) \" open \n/' 9/ end",
]


ANSWERS = [
    ("She has 5 pens.\n#### 5", "2 + 3 = 5\n#### 5"), ("It is $1,000.", "x\n#### 1,000"),
    ("so 7. The answer is -3", "#### -3"), ("none at all", "#### 4"), ("#### 12 then #### 13", "#### 12"),
    ("about 3.50", "#### 3.5"), ("#### -2,000.", "#### -2000"), ("7", "#### 7"), ("a..b", "#### 1"),
]


def texts():
    from lm_eval.api import metrics
    from lm_eval.tasks.wikitext.preprocess_wikitext import process_results, wikitext_detokenizer
    from lm_eval.tasks.hellaswag.utils import preprocess
    from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

    os.environ["DISABLE_MULTIPROC"] = "1"
    pages = [
        {"page": page, "text": wikitext_detokenizer({"page": page}),
         "words": process_results({"page": page}, (-1.0,))["word_perplexity"][1]} for page in PAGES]
    dirty = [" A [title] B  [step] c [x\ny] d  e ", "[header] How to [title] go", "a   b"]
    values = [-0.5, -2.25, -7.0, -1.125, -3.5]
    boot = metrics.bootstrap_stderr(metrics.perplexity, values, 100000)
    windows = {
        f"{n},{c}": [make_disjoint_window(w) for w in
                     get_rolling_token_windows(list(range(100, 100 + n)), 1, c, 1)]
        for n, c in ((3, 8), (8, 8), (9, 8), (16, 8), (21, 8))}
    pooled = {
        "errors": [0.05, 0.02, 0.031], "sizes": [100, 340, 171],
        "error": float(metrics.pooled_sample_stderr([0.05, 0.02, 0.031], [100, 340, 171]))}
    brier = float(metrics.brier_score([(0, [0.5, 0.25, 0.25]), (2, [0.1, 0.2, 0.7])]))
    from lm_eval.filters.extraction import RegexFilter
    filters = {"strict-match": RegexFilter(r"#### (\-?[0-9\.\,]+)"),
               "flexible-extract": RegexFilter(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", group_select=-1)}
    answers = []
    for answer, target in ANSWERS:
        for name, regex in filters.items():
            found = regex.apply([[answer]], [{}])[0][0]
            match = metrics.exact_match_hf_evaluate(
                [found], [target], regexes_to_ignore=[",", "\\$", "(?s).*#### ", "\\.$"],
                ignore_case=True)
            answers.append({"answer": answer, "target": target, "filter": name, "found": found,
                            "match": float(match["exact_match"])})
    (HERE / "texts.json").write_text(json.dumps({
        "pages": pages, "hellaswag": [{"text": d, "clean": preprocess(d)} for d in dirty],
        "bootstrap": {"values": values, "error": boot}, "windows": windows, "pooled": pooled,
        "brier": brier, "answers": answers}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    {"samples": samples, "agreement": agreement, "texts": texts}[sys.argv[1]](*sys.argv[2:])
