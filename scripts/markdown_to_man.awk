# Writes a page of section 5 from a document in Markdown: headings, paragraphs, lists, tables, code.
# usage: awk -v version=0.1.0 -v name=rwkv-formats -v about="what it is" -f markdown_to_man.awk formats.md > rwkv-formats.5
function escaped(text) {
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  gsub(/\^/, "\\(ha", text)
  gsub(/~/, "\\(ti", text)
  return text
}
# Without the marks of links, code and emphasis.
function plain(text, link) {
  while (match(text, /\[[^][]*\]\([^()]*\)/)) {
    link = substr(text, RSTART + 1, RLENGTH - 1)
    sub(/\].*/, "", link)
    text = substr(text, 1, RSTART - 1) link substr(text, RSTART + RLENGTH)
  }
  gsub(/`|\*\*/, "", text)
  return escaped(text)
}
function print_line(line) { print line ~ /^[.']/ ? "\\&" line : line }
# Paragraphs and items are kept until they end, since a link may run over lines.
function flush_text() {
  if (text != "") print_line(plain(text))
  text = ""
}
function begin_text(request, line) {
  flush_text()
  print request
  text = line
}
# The first cell of a row is the term; the others are named by the heads of their columns.
function print_row(line, n, cells, i) {
  gsub(/^\| *| *\|$/, "", line)
  gsub(/\\\|/, "\001", line)
  n = split(line, cells, / *\| */)
  for (i = 1; i <= n; ++i) gsub(/\001/, "|", cells[i])
  if (!in_table) {
    for (i = 1; i <= n; ++i) head[i] = cells[i]
    in_table = 1
    return
  }
  if (line ~ /^[-| :]*$/) return
  print ".TP\n\\fB" plain(cells[1]) "\\fR"
  for (i = 2; i <= n; ++i) {
    if (cells[i] == "") continue
    print_line((head[i] != "" && n > 2 ? plain(head[i]) ": " : "") plain(cells[i]))
    if (i < n) print ".br"
  }
}
NR == 1 {
  printf ".TH %s 5 \"\" \"rwkv %s\" \"RWKV toolkit\"\n.SH NAME\n%s \\- %s\n.SH DESCRIPTION\n", toupper(name), version, escaped(name), about
  next
}
/^```/ {
  flush_text()
  print (in_code = !in_code) ? ".PP\n.nf" : ".fi"
  next
}
in_code { print_line(escaped($0)); next }
/^<!--/ { next }
/^    / && !in_list {
  if (!in_literal) begin_text(".PP\n.nf", "")
  in_literal = 1
  print_line(escaped($0))
  next
}
/^$/ && in_literal { print ""; next }
in_literal { print ".fi"; in_literal = 0; ended = 1 }
/^\|/ { flush_text(); print_row($0); next }
{ in_table = 0 }
/^## / { sub(/^## /, ""); begin_text(".SH " toupper(plain($0)), ""); ended = in_list = 0; next }
/^###+ / { sub(/^#+ /, ""); begin_text(".SS " plain($0), ""); ended = in_list = 0; next }
/^$/ { ended = 1; next }
/^(- |[0-9]+\. )/ {
  mark = $1 == "-" ? "\\(bu" : $1
  sub(/^[^ ]+ /, "")
  begin_text(".IP " mark " 3", $0)
  in_list = 1
  ended = 0
  next
}
ended && !(in_list && /^ /) { begin_text(".PP", $0); ended = in_list = 0; next }
{
  sub(/^ +/, "")
  text = text == "" ? $0 : text " " $0
  ended = 0
}
END {
  flush_text()
  print ".SH SEE ALSO\n.BR rwkv\\-convert (1),\n.BR rwkv\\-inspect (1),\n.BR rwkv\\-generate (1)"
}
