# Writes rwkv(3) from rwkv.h, whose comments are the reference. usage: awk -v version=0.1.0 -f header_to_man.awk rwkv.h > rwkv.3
function escaped(line) {
  gsub(/\\/, "\\e", line)
  gsub(/-/, "\\-", line)
  return line ~ /^[.']/ ? "\\\\\\&" line : line
}
function begin_block() { if (!in_block) print ".nf"; in_block = 1 }
function end_block() { if (in_block) print ".fi"; in_block = 0 }
NR == 1 {
  sub(/^\/\* rwkv.h: /, "")
  sub(/\.$/, "")
  printf ".TH RWKV 3 \"\" \"rwkv %s\" \"RWKV toolkit\"\n.SH NAME\nrwkv \\- %s\n.SH SYNOPSIS\n.nf\n#include <rwkv/rwkv.h>\n.sp\ncc ... \\-lrwkv\n.fi\n.SH DESCRIPTION\n", version, $0
  in_opening = 1
  next
}
in_opening {
  in_opening = $0 !~ /\*\/$/
  sub(/ \*\/$/, "")
  sub(/^ \* ?/, "")
  print $0 == "" ? ".PP" : escaped($0)
  next
}
/^\/\* ---- .* ---- \*\/$/ {
  end_block()
  gsub(/^\/\* ---- | ---- \*\/$/, "")
  print ".SH " toupper($0)
  in_reference = 1
  next
}
/^#ifdef __cplusplus/ && in_reference { exit }
in_reference {
  begin_block()
  sub(/RWKV_API /, "")
  print escaped($0)
}
END {
  end_block()
  print ".SH SEE ALSO\n.BR rwkv-generate (1),\n.BR rwkv-score (1),\n.BR rwkv-convert (1)"
}
