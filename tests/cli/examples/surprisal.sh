# A book's surprisal as a picture of either kind.
needs gnuplot
plot=$DEMO/../examples/surprisal.sh
"$plot" > default.svg 2> /dev/null
grep -c '</svg>' default.svg
"$plot" "$DEMO/README.md" svg 200 2> /dev/null | cmp - default.svg
"$plot" "$DEMO/README.md" png 50 2> /dev/null | head -c 4 | tail -c 3
echo
expect 2 "$plot" "$DEMO/README.md" gif
expect 1 "$plot" nosuch.txt > /dev/null 2>&1
