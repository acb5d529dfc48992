"""Runs the command line of lm-evaluation-harness, unchanged, and writes how long its parts took.

    lm_eval_timed.py TIMING.json run --model hf ...
"""

import json
import sys
import time
from pathlib import Path

START = time.perf_counter()


def timed(function, times, name, keep=None):
    """Returns a function that does the same, and notes the seconds and, if asked, the result."""

    def wrapper(*arguments, **options):
        begin = time.perf_counter()
        result = function(*arguments, **options)
        times[name] = time.perf_counter() - begin
        if keep is not None:
            keep.update(result)
        return result

    return wrapper


def main():
    target = Path(sys.argv.pop(1))
    import lm_eval.evaluator
    import torch
    from lm_eval.__main__ import cli_evaluate
    from lm_eval.models.huggingface import HFLM

    times, results = {"import_seconds": time.perf_counter() - START}, {}
    HFLM.__init__ = timed(HFLM.__init__, times, "load_seconds")
    lm_eval.evaluator.evaluate = timed(
        lm_eval.evaluator.evaluate, times, "evaluation_seconds", keep=results)
    cli_evaluate()
    times["wall_seconds"] = time.perf_counter() - START
    items = {task: count["effective"] for task, count in results["n-samples"].items()}
    metrics = {
        task: {
            name.split(",")[0]: value
            for name, value in values.items()
            if isinstance(value, float) and "stderr" not in name
        }
        for task, values in results["results"].items()
    }
    summary = {"items": items, "threads": torch.get_num_threads(), **times, "metrics": metrics}
    target.write_text(json.dumps(summary) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
