"""Measures llama.cpp on a checkpoint, with its own llama-bench.

    llama_bench.py MODEL --peers DIR --dtype f32 --threads 2 --mode prefill --rows 1x256
    llama_bench.py MODEL --peers DIR --dtype bf16 --threads 2 --mode decode --rows 1x64 --serve

DIR is what setup.sh was given. The checkpoint is converted to GGUF once, in DIR/gguf. llama-bench
computes the logits of the last position only, and runs one sequence. Its warm-up is the whole
prompt, or one token; a decode sample starts from an empty cache. setup.sh added to it that it waits
for a line before each repetition, so that samples can be taken at any time from one loaded model.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import samples


def main():
    parser = samples.parser(__doc__)
    parser.add_argument(
        "--peers", type=Path, required="WINA_PEERS" not in os.environ,
        default=os.environ.get("WINA_PEERS"),
        help="the folder that setup.sh made; or the variable WINA_PEERS")
    options = parser.parse_args()
    options.peers = Path(options.peers)
    if options.rows[0] != 1:
        parser.error("llama-bench runs one sequence: --rows must be 1xT")
    if options.logits == "all":
        parser.error("llama-bench computes the logits of the last position only")
    program = options.peers / "llama.cpp/build/bin/llama-bench"
    if not program.is_file():
        parser.error(f"there is no {program}; run setup.sh {options.peers}")

    command = [program, "-m", converted(options), "-t", str(options.threads)]
    tokens = str(options.rows[1])
    if options.mode == "prefill":
        command += ["-p", tokens, "-n", "0"]
    else:
        command += ["-p", "0", "-n", tokens]
    begin = time.perf_counter()
    with LlamaBench(command, options.rows[1]) as bench:
        print(f"loaded and warm after {time.perf_counter() - begin:.2f} s", file=sys.stderr)
        if options.serve:
            samples.serve(bench.sample)
        else:
            for _ in range(options.samples):
                samples.emit(bench.sample())


class LlamaBench:
    """A running llama-bench that waits for a line before each repetition."""

    def __init__(self, command, tokens):
        self.tokens = tokens
        self.process = subprocess.Popen(
            [*command, "-r", "1000000"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env={**os.environ, "LLAMA_BENCH_WAIT": "1"})
        self.read("waiting")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def sample(self):
        """Runs one repetition."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds = int(self.read("sample").split()[1]) * 1e-9
        self.read("waiting")
        return {
            "tokens_per_second": self.tokens / seconds, "seconds": seconds, "tokens": self.tokens,
        }

    def read(self, start):
        """Returns the next line that starts so; ends the program if there is none."""
        seen = []
        for line in self.process.stderr:
            if line.startswith(start):
                return line
            seen.append(line)
        sys.exit("llama_bench.py: llama-bench ended\n" + "".join(seen[-20:]))


def converted(options):
    """Returns the checkpoint as a GGUF file, converting it unless that was done."""
    model = Path(options.model).resolve()
    weights = list(model.glob("*.safetensors"))
    if not weights:
        sys.exit(f"llama_bench.py: {model} holds no safetensors")
    digest = hashlib.sha256(os.fsencode(model)).hexdigest()[:8]
    target = options.peers / "gguf" / f"{model.name}-{digest}-{options.dtype}.gguf"
    newest = max(path.stat().st_mtime for path in [*weights, model / "config.json"])
    if target.exists() and target.stat().st_mtime >= newest:
        return target
    print(f"converting {model} to {target}", file=sys.stderr)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    run = subprocess.run(
        [
            options.peers / "venv/bin/python", options.peers / "llama.cpp/convert_hf_to_gguf.py",
            model, "--outtype", options.dtype, "--outfile", partial,
        ],
        capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"llama_bench.py: the conversion failed\n{run.stderr[-2000:]}")
    partial.rename(target)
    return target


if __name__ == "__main__":
    main()
