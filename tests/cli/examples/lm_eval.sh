# lm-evaluation-harness through rwkv-serve gets the figures of this toolkit.
needs jq "${LM_EVAL:-lm_eval}"
"$DEMO/../examples/serve/lm_eval.sh"
