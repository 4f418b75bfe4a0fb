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
