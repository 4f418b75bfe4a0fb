# What the zip holds: main.py at its root, as Google's builder wants it, and shared/ beside it. Of the
# function's folder the files that lie directly in it (what lies deeper is sources, of which the
# built file is deployed), of shared/ the Python; prose and hidden files stay at home.
# scripts/local/bundle.py lays out the same files for a laptop; a test compares.
locals {
  _own    = "${var.code}/functions/${var.entry_point}"
  _hidden = "(^|/)\\."

  files = merge(
    { for path in fileset(local._own, "*") : path => "${local._own}/${path}" if path != "README.md" && !can(regex(local._hidden, path)) },
    { for path in fileset(var.code, "shared/**/{*.py,py.typed}") : path => "${var.code}/${path}" if !can(regex(local._hidden, path)) },
  )
}
