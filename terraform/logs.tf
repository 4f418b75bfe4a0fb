# What is logged, what is not kept, and what is counted. Each function writes one JSON line a
# request (shared/logs.py); a test holds these filters to its list of fields.

locals {
  # How a filter finds the lines of a function, and how PromQL finds its Cloud Run metrics.
  lines_of = {
    for name, service in local.service_names :
    name => "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${service}\" AND resource.labels.location=\"${var.region}\""
  }
  lines_of_any = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for service in values(local.service_names) : "\"${service}\""])}) AND resource.labels.location=\"${var.region}\""

  # Purchases that ended without Meta, and events that were given up: each is in the ledger or in
  # dead_letters, with its reason.
  dead_letters_filter   = "${local.lines_of["dispatch"]} AND (jsonPayload.outcome=(\"rejected\" OR \"expired\") OR jsonPayload.rejected:*)"
  bad_signatures_filter = "${local.lines_of["stripe_webhook"]} AND jsonPayload.error=(\"bad_signature\" OR \"signature_expired\")"
}

# Cloud Run writes a line a request too. Of `collect` those would be most of the log's cost, and
# hold every visitor's address and the page that he came from.
resource "google_logging_project_exclusion" "collect_requests" {
  project     = local.project
  name        = "${var.prefix}-collect-requests"
  description = "Successful requests to collect, as Cloud Run logs them."
  filter      = "${local.lines_of["collect"]} AND log_id(\"run.googleapis.com/requests\") AND httpRequest.status<400"
}

# Of collect's own lines about success one in twenty is kept: enough to see what it does.
resource "google_logging_project_exclusion" "collect_lines" {
  project     = local.project
  name        = "${var.prefix}-collect-lines"
  description = "Nineteen of twenty of collect's own lines about success."
  filter      = "${local.lines_of["collect"]} AND log_id(\"run.googleapis.com/stdout\") AND severity=INFO AND jsonPayload.status<400 AND NOT jsonPayload.dropped:* AND sample(insertId, 0.95)"
}

locals {
  counters = {
    bad_signatures = {
      about  = "Requests to stripe_webhook that Stripe did not sign."
      filter = local.bad_signatures_filter
      labels = {}
    }
    dead_letters = {
      about  = "Purchases and batches of which something ended without Meta."
      filter = local.dead_letters_filter
      labels = { reason = "jsonPayload.reason" }
    }
    purchases = {
      about  = "Attempts at a purchase, by what came of them."
      filter = "${local.lines_of["dispatch"]} AND jsonPayload.sale_key:*"
      labels = { outcome = "jsonPayload.outcome" }
    }
    dropped = {
      about  = "Requests and tasks of which events were dropped, by reason: no consent, shed."
      filter = "${local.lines_of_any} AND jsonPayload.dropped:*"
      labels = { dropped = "jsonPayload.dropped" }
    }
  }
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  project          = local.project
  name             = "${var.prefix}_${each.key}"
  description      = each.value.about
  filter           = each.value.filter
  label_extractors = { for label, field in each.value.labels : label => "EXTRACT(${field})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
}

resource "google_logging_metric" "oldest_owed" {
  project         = local.project
  name            = "${var.prefix}_oldest_owed_s"
  description     = "Seconds that the longest owed purchase has waited, each minute."
  filter          = "${local.lines_of["reconcile"]} AND jsonPayload.path=\"relay\" AND jsonPayload.oldest_owed_s>=0"
  value_extractor = "EXTRACT(jsonPayload.oldest_owed_s)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
  }

  bucket_options {
    explicit_buckets {
      bounds = [1, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400, 259200, 604800]
    }
  }
}
