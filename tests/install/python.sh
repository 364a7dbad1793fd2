# The Python package's own tests, on the installed library.
. "$SOURCE/tests/install/helpers.sh"
python3 -c 'import numpy, pytest' 2> /dev/null || { echo 'skipped: Python has no numpy or pytest'; exit 77; }
export RWKV_LIBRARY=$lib/librwkv.so.0 PYTHONPATH=$SOURCE/python PYTHONDONTWRITEBYTECODE=1
python3 -m pytest -q -p no:cacheprovider "$SOURCE/python/tests"
printf 'To be, or not to be' > "$scratch/text"
python3 "$SOURCE/examples/library/surprisal.py" "$model" "$vocab" "$scratch/text" > "$scratch/table"
same "$("$PREFIX/bin/rwkv-tokenize" -v "$vocab" "$scratch/text" | wc -w)" "$(wc -l < "$scratch/table")"
if python3 -c 'import matplotlib' 2> /dev/null; then
  python3 "$SOURCE/examples/library/surprisal.py" "$model" "$vocab" "$scratch/text" "$scratch/picture.png"
  same PNG "$(head -c 4 "$scratch/picture.png" | tail -c 3)"
fi
