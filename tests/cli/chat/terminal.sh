# On a terminal: lines are edited, answers can be interrupted, thoughts are dim.
needs python3
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt RWKV_THREADS=1
python3 "$CLI/chat/terminal.py"
