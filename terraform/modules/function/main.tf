resource "google_service_account" "this" {
  project      = var.project
  account_id   = var.name
  display_name = "Settled: ${var.entry_point} runs as this"
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

resource "google_cloudfunctions2_function" "this" {
  #checkov:skip=CKV_GCP_124:Browsers and Stripe come from the internet; terraform/tests holds dispatch and reconcile to internal ingress.
  project     = var.project
  location    = var.region
  name        = var.name
  description = "Settled's ${var.entry_point}."

  build_config {
    # Google builds it with pip, which holds the hashes of requirements.txt; 3.14's builder uses uv.
    runtime           = "python313"
    entry_point       = var.entry_point
    docker_repository = var.build.repository
    service_account   = var.build.service_account

    # Security fixes of the base image come without a deploy.
    automatic_update_policy {}

    source {
      storage_source {
        bucket = google_storage_bucket_object.zip.bucket
        object = google_storage_bucket_object.zip.name
      }
    }
  }

  service_config {
    available_cpu                    = tostring(var.size.cpu)
    available_memory                 = var.size.memory
    max_instance_request_concurrency = var.size.concurrency
    min_instance_count               = var.size.min_instances
    max_instance_count               = var.size.max_instances
    timeout_seconds                  = var.timeout
    all_traffic_on_latest_revision   = true
    ingress_settings                 = var.ingress
    service_account_email            = google_service_account.this.email

    environment_variables = merge(var.environment, {
      # gunicorn would start 4 a CPU, and the other requests of an instance would wait inside it.
      THREADS = tostring(var.size.concurrency)
    })
  }
}

# Who may call it: a function of the second generation asks Cloud Run.
resource "google_cloud_run_service_iam_member" "invoker" {
  #checkov:skip=CKV_GCP_102:collect answers every browser, stripe_webhook proves its caller by Stripe's signature; terraform/tests holds the other two to one caller each.
  for_each = var.invokers

  project  = google_cloudfunctions2_function.this.project
  location = google_cloudfunctions2_function.this.location
  service  = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = each.value

  lifecycle {
    # A function that is made anew has lost its grants.
    replace_triggered_by = [google_cloudfunctions2_function.this.id]
  }
}
