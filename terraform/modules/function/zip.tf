# The zip: main.py at its root, as Google's builder wants it, and shared/ beside it. Of the
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

data "archive_file" "zip" {
  type        = "zip"
  output_path = "${path.root}/build/${var.name}.zip"
  # The same bytes on every machine, whatever its umask.
  output_file_mode = "0644"

  dynamic "source" {
    for_each = local.files

    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

# Named by its content: exactly the functions whose zip changed are deployed again.
resource "google_storage_bucket_object" "zip" {
  bucket       = var.bucket
  name         = "${var.name}-${substr(data.archive_file.zip.output_sha256, 0, 16)}.zip"
  source       = data.archive_file.zip.output_path
  content_type = "application/zip"

  lifecycle {
    # The old zip stays until the function has the new one, also if its build fails.
    create_before_destroy = true
  }
}
