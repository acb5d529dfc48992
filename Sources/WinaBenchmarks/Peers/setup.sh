#!/usr/bin/env bash
# Installs the programs that the benchmarks are compared with: PyTorch with transformers,
# lm-evaluation-harness, and llama.cpp with its llama-bench and its converter.
set -euo pipefail

usage() {
  cat <<'END'
usage: setup.sh DIR

Makes, inside DIR:
  venv/           a Python environment: PyTorch for CPUs, transformers, lm-evaluation-harness
  llama.cpp/      the source, from the package llama-cpp-python, and build/bin/llama-bench
  versions.txt    what was installed, and the compiler and options of the build
  log/            the output of every step

Run it again to finish an interrupted run; what is done is not done twice. Packages come from the
index that pip is configured with.

Variables:
  PYTHON        the interpreter of the environment (python3)
  TORCH_INDEX   an index for PyTorch alone, where pip's own has no build for CPUs
  JOBS          compilers at once (2); they run at low priority
  TORCH_VERSION, TRANSFORMERS_VERSION, LM_EVAL_VERSION, LLAMA_CPP_PYTHON_VERSION
                other versions than those the drivers were written for
END
}

case "${1:-}" in
  -h | --help) usage; exit 0 ;;
  '' | -*) usage >&2; exit 64 ;;
esac
[ $# -eq 1 ] || { usage >&2; exit 64; }

python=${PYTHON:-python3}
torch=${TORCH_VERSION:-2.13.0+cpu}
transformers=${TRANSFORMERS_VERSION:-5.24.0}
lm_eval=${LM_EVAL_VERSION:-0.4.13}
llama=${LLAMA_CPP_PYTHON_VERSION:-0.3.36}
jobs=${JOBS:-2}

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup.sh: $*"; exit 1; }

mkdir -p "$1/log" || fail "cannot make $1"
dir=$(cd "$1" && pwd)
venv=$dir/venv
checkout=$dir/llama.cpp
bench=$checkout/build/bin/llama-bench

# step NAME COMMAND...: runs a command with its output in a log, and shows the end of it on failure.
step() {
  local name=$1 log=$dir/log/$1.log begin=$SECONDS
  shift
  if nice -n 15 "$@" >"$log" 2>&1; then
    say "   done in $((SECONDS - begin)) s"
  else
    tail -n 20 "$log" >&2
    fail "$name failed; all of its output is in $log"
  fi
}

installed() { [ -x "$venv/bin/python" ] && "$venv/bin/python" - "$1" "$2" <<'END'
import importlib.metadata as metadata
import sys

try:
    sys.exit(metadata.version(sys.argv[1]) != sys.argv[2])
except metadata.PackageNotFoundError:
    sys.exit(1)
END
}

# make_it_wait FILE: lets llama-bench, when LLAMA_BENCH_WAIT is set, wait before each repetition for a
# line on its standard input, and tell the time of each. What it measures stays as it was.
make_it_wait() {
  "$venv/bin/python" - "$1" <<'END' || fail "llama-bench of $llama is not as expected: $1"
import sys

text = open(sys.argv[1], encoding="utf-8").read()
for place, added in [
    (
        "for (int i = 0; i < params.reps; i++) {\n",
        """if (std::getenv("LLAMA_BENCH_WAIT")) {
                fputs("waiting\\n", stderr);
                int c;
                while ((c = getchar()) != '\\n' && c != EOF) {}
                if (c == EOF) { break; }
            }
""",
    ),
    (
        "t.samples_ns.push_back(t_ns);\n",
        """if (std::getenv("LLAMA_BENCH_WAIT")) {
                fprintf(stderr, "sample %llu ns\\n", (unsigned long long) t_ns);
            }
""",
    ),
]:
    if text.count(place) != 1:
        sys.exit(1)
    text = text.replace(place, place + " " * 12 + added)
open(sys.argv[1], "w", encoding="utf-8").write("#include <cstdlib>\n" + text)
END
}

command -v "$python" >/dev/null ||
  fail "there is no $python; install Python 3.10 or newer, or set PYTHON"
"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
  fail "$python must be 3.10 or newer and have the modules venv and ensurepip (python3-venv)"
for tool in cc c++; do
  command -v "$tool" >/dev/null || fail "there is no $tool; install a C and C++ compiler"
done

if [ -x "$venv/bin/pip" ]; then
  say "== the Python environment is there: $venv"
else
  say "== make a Python environment: $venv"
  step venv "$python" -m venv "$venv"
fi

if installed torch "$torch"; then
  say "== torch $torch is installed"
else
  say "== install torch $torch"
  step torch "$venv/bin/pip" install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "torch==$torch"
fi

# Nothing may replace the build for CPUs, which is gigabytes smaller than the usual one.
constraints=$dir/log/constraints.txt
printf 'torch==%s\n' "$torch" >"$constraints"
if installed transformers "$transformers" && installed lm_eval "$lm_eval" &&
  [ -e "$venv/.packages" ]; then
  say "== transformers $transformers and lm-eval $lm_eval are installed"
else
  say "== install transformers $transformers, lm-eval $lm_eval and what they need"
  step packages "$venv/bin/pip" install --constraint "$constraints" \
    "transformers==$transformers" "lm-eval==$lm_eval" accelerate peft tokenizers safetensors \
    numpy gguf sentencepiece zstandard cmake ninja
  touch "$venv/.packages"
fi

if [ "$(cat "$checkout/.version" 2>/dev/null)" = "$llama" ]; then
  say "== the source of llama.cpp is there: $checkout"
else
  say "== fetch the source of llama.cpp in llama-cpp-python $llama"
  rm -rf "$checkout" "$dir/download"
  mkdir -p "$dir/download"
  # Without --no-deps and --no-binary, pip would fetch wheels, which hold no source.
  step fetch "$venv/bin/pip" download --no-deps --no-binary llama-cpp-python \
    --dest "$dir/download" "llama-cpp-python==$llama"
  archive=$(find "$dir/download" -name '*.tar.gz' | head -n 1)
  [ -n "$archive" ] || fail "llama-cpp-python $llama came without its source"
  tar -xzf "$archive" -C "$dir/download" || fail "cannot unpack $archive"
  unpacked=${archive%.tar.gz}/vendor/llama.cpp
  [ -f "$unpacked/CMakeLists.txt" ] || fail "$archive does not hold vendor/llama.cpp"
  mv "$unpacked" "$checkout"
  make_it_wait "$checkout/tools/llama-bench/llama-bench.cpp"
  printf '%s\n' "$llama" >"$checkout/.version"
  rm -rf "$dir/download"
fi

options=(
  -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON -DGGML_CUDA=OFF
  -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF
  -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF
)
if [ -x "$bench" ]; then
  say "== llama-bench is built: $bench"
else
  say "== build llama-bench, $jobs files at once: some minutes"
  step configure "$venv/bin/cmake" -G Ninja -DCMAKE_MAKE_PROGRAM="$venv/bin/ninja" \
    -S "$checkout" -B "$checkout/build" "${options[@]}"
  step build "$venv/bin/cmake" --build "$checkout/build" --target llama-bench --parallel "$jobs"
fi
"$bench" --help >/dev/null 2>&1 || fail "$bench does not run"

{
  "$venv/bin/python" --version
  "$venv/bin/pip" list --format freeze |
    grep -iE '^(torch|transformers|tokenizers|safetensors|numpy|lm_eval|accelerate|peft|gguf)='
  printf 'llama-cpp-python==%s (source of llama.cpp)\n' "$llama"
  "$bench" --version 2>&1 | head -n 3 || true
  c++ --version | head -n 1
  printf 'cmake %s\n' "${options[*]}"
} >"$dir/versions.txt"
say "== ready; versions in $dir/versions.txt"
