# The repair, on time. Each job is a path of `reconcile`, safe to run twice at once. Three jobs of
# a billing account are free, so `relay` also asks a destination whether its pause is over.

locals {
  jobs = {
    relay     = { schedule = "* * * * *", retries = 0, about = "queues again what is owed and not queued, and ends pauses" }
    stripe    = { schedule = "17 * * * *", retries = 3, about = "asks Stripe what settled, and takes what a lost webhook left out" }
    statement = { schedule = "40 3 * * *", retries = 5, about = "adds up yesterday, in UTC" }
  }
}

resource "google_cloud_scheduler_job" "reconcile" {
  for_each = local.jobs

  project     = local.project
  region      = var.region
  name        = "${var.prefix}-${each.key}"
  description = "Settled: reconcile ${each.value.about}."
  schedule    = each.value.schedule
  time_zone   = "Etc/UTC"
  # Longer than reconcile's own timeout: it ends its run, not Cloud Scheduler.
  attempt_deadline = "${local._functions["reconcile"].timeout + 20}s"

  # What runs every minute comes again by itself.
  retry_config {
    retry_count          = each.value.retries
    min_backoff_duration = "30s"
    max_backoff_duration = "600s"
    max_doublings        = 3
  }

  http_target {
    http_method = "POST"
    uri         = "${local.urls["reconcile"]}/${each.key}"

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = local.urls["reconcile"]
    }
  }

  depends_on = [module.function]
}
