# Turns what lbd --help-config prints into the keys' part of lb.conf(5).
function text(s) {
  gsub(/\\/, "\\e", s)
  gsub(/-/, "\\-", s)
  return s ~ /^[.']/ ? "\\&" s : s
}
/^\[/ {
  at = index($0, "  ")
  print ".SS " text(substr($0, 1, at - 1))
  print toupper(substr($0, at + 2, 1)) text(substr($0, at + 3)) "."
  next
}
/^  [a-z]/ {
  name = $1
  sub(/^ +[^ ]+ +/, "")
  print ".TP\n.B " text(name)
  print text($0)
  next
}
# What goes on of a line.
/^                   [^ ]/ {
  sub(/^ +/, "")
  print text($0)
  next
}
/^   / {
  sub(/^ +/, "")
  print ".br\n" text($0)
}
