#!/usr/bin/env bash
# Runs lm-evaluation-harness on a task of a local file and says how long that took.
set -euo pipefail

usage() {
  cat <<'END'
usage: lm_eval_arc.sh MODEL OUT --data FILE [--peers DIR] [--task NAME] [--limit N] [--threads N]

Evaluates the checkpoint MODEL without a network: transformers in float32, one request at a time.

  --data FILE    the task's records, .jsonl or .jsonl.zst
  --peers DIR    the folder that setup.sh made; or the variable WINA_PEERS
  --task NAME    arc_easy (the default), piqa, openbookqa, winogrande or lambada_openai
  --limit N      the first N records only
  --threads N    threads of PyTorch (1)

OUT receives the harness's results and samples, its log (lm_eval.log) and the times (timing.json),
which are printed as one line of JSON:

  import_seconds       Python and its packages
  load_seconds         the model
  evaluation_seconds   requests built, tokenized and scored, metrics computed
  wall_seconds         all of it, also finding the task, reading its file, writing the results
END
}

fail() { printf 'lm_eval_arc.sh: %s\n' "$*" >&2; exit "${status:-1}"; }

case "${1:-}" in -h | --help) usage; exit 0 ;; esac
[ $# -ge 2 ] || { usage >&2; exit 64; }
model=$1 out=$2 peers=${WINA_PEERS:-} data='' task=arc_easy limit='' threads=1
shift 2
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { status=64 fail "$1 needs a value"; }
  case $1 in
    --data) data=$2 ;;
    --peers) peers=$2 ;;
    --task) task=$2 ;;
    --limit) limit=$2 ;;
    --threads) threads=$2 ;;
    *) status=64 fail "unknown option $1" ;;
  esac
  shift 2
done

here=$(cd "$(dirname "$0")" && pwd)
[ -n "$peers" ] || status=64 fail "--peers DIR is needed"
[ -n "$data" ] || status=64 fail "--data FILE is needed"
[ -f "$model/config.json" ] || fail "$model is no checkpoint: it has no config.json"
[ -f "$here/tasks/$task.yaml" ] || fail "there is no task $task in $here/tasks"
[ -x "$peers/venv/bin/python" ] || fail "there is no $peers/venv; run setup.sh $peers"
[ -f "$data" ] || fail "there is no $data"
model=$(cd "$model" && pwd)
python=$(cd "$peers/venv/bin" && pwd)/python

mkdir -p "$out/data"
out=$(cd "$out" && pwd)
# The tasks name their files without a folder: the harness runs where they lie.
case $data in
  *.zst)
    "$python" - "$data" "$out/data/$task.jsonl" <<'END' || fail "cannot unpack $data"
import sys
import zstandard

with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    zstandard.ZstdDecompressor().copy_stream(source, target)
END
    ;;
  *) cp "$data" "$out/data/$task.jsonl" ;;
esac
cd "$out/data"

export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HF_HOME=$out/cache TOKENIZERS_PARALLELISM=false
export OMP_NUM_THREADS=$threads MKL_NUM_THREADS=$threads
if ! "$python" "$here/lm_eval_timed.py" "$out/timing.json" run --model hf \
  --model_args "pretrained=$model,dtype=float32" --device cpu --batch_size 1 \
  --include_path "$here/tasks" --tasks "$task" ${limit:+--limit "$limit"} \
  --log_samples --output_path "$out" >"$out/lm_eval.log" 2>&1; then
  tail -n 20 "$out/lm_eval.log" >&2
  fail "the harness failed; all of its output is in $out/lm_eval.log"
fi
cat "$out/timing.json"
