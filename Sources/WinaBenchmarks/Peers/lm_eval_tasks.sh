#!/usr/bin/env bash
# Runs lm-evaluation-harness on several tasks of local files at once.
set -euo pipefail

usage() {
  cat <<'END'
usage: lm_eval_tasks.sh MODEL OUT --data BENCHMARKS [--peers DIR] [--tasks A,B] [--limit N]

Evaluates the checkpoint MODEL without a network: transformers in float32, one request at a time.

  --data DIR     a folder with piqa/validation.jsonl.zst and its like
  --peers DIR    the folder that setup.sh made; or the variable WINA_PEERS
  --tasks A,B    names of tasks/ (piqa,arc_easy,winogrande,openbookqa,lambada_openai)
  --limit N      the first N records of each task only

OUT receives data/, the harness's results and samples, and its log (lm_eval.log).
END
}

fail() { printf 'lm_eval_tasks.sh: %s\n' "$*" >&2; exit "${status:-1}"; }

case "${1:-}" in -h | --help) usage; exit 0 ;; esac
[ $# -ge 2 ] || { usage >&2; exit 64; }
model=$1 out=$2 peers=${WINA_PEERS:-} data='' limit=''
tasks=piqa,arc_easy,winogrande,openbookqa,lambada_openai
shift 2
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { status=64 fail "$1 needs a value"; }
  case $1 in
    --data) data=$2 ;;
    --peers) peers=$2 ;;
    --tasks) tasks=$2 ;;
    --limit) limit=$2 ;;
    *) status=64 fail "unknown option $1" ;;
  esac
  shift 2
done

here=$(cd "$(dirname "$0")" && pwd)
[ -n "$peers" ] || status=64 fail "--peers DIR is needed"
[ -d "$data" ] || status=64 fail "--data DIR is needed"
[ -f "$model/config.json" ] || fail "$model is no checkpoint: it has no config.json"
[ -x "$peers/venv/bin/python" ] || fail "there is no $peers/venv; run setup.sh $peers"
model=$(cd "$model" && pwd)
python=$(cd "$peers/venv/bin" && pwd)/python
mkdir -p "$out/data"
out=$(cd "$out" && pwd)
"$python" "$here/task_data.py" "$data" "$out/data" "$tasks" "$model"
# The tasks name their files without a folder: the harness runs where they lie.
cd "$out/data"

export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HF_HOME=$out/cache TOKENIZERS_PARALLELISM=false
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
if ! "$python" -m lm_eval run --model hf --model_args "pretrained=model,dtype=float32" \
  --device cpu --batch_size 1 --include_path "$here/tasks" --tasks "$tasks" \
  ${limit:+--limit "$limit"} --log_samples --output_path "$out" >"$out/lm_eval.log" 2>&1; then
  tail -n 20 "$out/lm_eval.log" >&2
  fail "the harness failed; all of its output is in $out/lm_eval.log"
fi
tail -n 40 "$out/lm_eval.log" | grep '^|' || true
