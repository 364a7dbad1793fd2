# Texts of hot, blind draws, read by other parsers: Python's json and re, and jsonschema where it is installed.
needs python3
python3 "$CLI/generate/constrained_texts.py" "$DEMO" 12 2> /dev/null
