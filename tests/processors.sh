#!/usr/bin/env bash
# The tests as other processors run them: with the kernels that PyTorch, oneDNN and OpenBLAS take on older ones, and with other
# numbers of threads, one after the other. A line for each; exit 1 if any failed. Not in CI: the whole suite runs seven times.
#
#   tests/processors.sh                         everything that `make test` runs, apart from the notebooks
#   tests/processors.sh tests/test_engine.py    these; other words, such as -k, go to pytest, too
#
# PYTHON=… takes another Python than .venv's, JOBS=4 runs four tests side by side. ONNX Runtime chooses its kernels by the processor
# alone, and no variable talks it out of that.
set -u
words=() paths=0
for word in "$@"; do
  file=${word%%::*}
  if [ -e "$file" ]; then
    word=$(cd "$(dirname "$file")" && pwd)/$(basename "$file")${word#"$file"} paths=1
  fi
  words+=("$word")
done
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
python=${PYTHON:-$PWD/.venv/bin/python}
"$python" -c "import pytest" || { echo "$python has no pytest: run make setup, or name another Python in PYTHON."; exit 2; }
[ "$paths" = 1 ] || words+=("$PWD/tests")
[ -z "${JOBS:-}" ] || words+=(-n "$JOBS")

said=$(mktemp) failed=0
trap 'rm -f "$said"' EXIT
for setting in ATEN_CPU_CAPABILITY=default ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=SSE41 ONEDNN_MAX_CPU_ISA=AVX2 \
  OPENBLAS_CORETYPE=Nehalem OMP_NUM_THREADS=1 OMP_NUM_THREADS=2; do
  if env "$setting" PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" "$python" -m pytest -q "${words[@]}" >"$said" 2>&1; then
    echo "$setting: $(tail -n 1 "$said")"
  else
    failed=1
    echo "$setting: FAILED"
    grep -E "^(FAILED|ERROR)|Error|Interrupted" "$said" || tail -n 20 "$said"
    tail -n 1 "$said"
  fi
done
exit "$failed"
