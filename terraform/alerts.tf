# What somebody should be woken for. Each text says what it means and what to do next;
# terraform/README.md says the same at more length.

locals {
  _requests = "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",location=\"${var.region}\""
  _taken_by = {
    for name, service in local.service_names :
    name => "${local._requests},service_name=\"${service}\",response_code_class=\"2xx\"}"
  }
  # Not dispatch: while Meta is away its 503 is how a task is asked to come back.
  _answering     = join("|", [for name, service in local.service_names : service if name != "dispatch"])
  _answers       = "${local._requests},service_name=~\"${local._answering}\"}"
  _server_errors = "${local._requests},service_name=~\"${local._answering}\",response_code_class=\"5xx\"}"

  # `filter` is seen on a single line of the log: no metric has to exist first, and nothing is
  # averaged away. `query` is asked of metrics, as often as `every` says.
  alerts = {
    purchase_owed = {
      title    = "A purchase has been owed for more than ${var.alerts.owed_minutes} minutes"
      severity = "ERROR"
      filter   = "${local.lines_of["reconcile"]} AND jsonPayload.path=\"relay\" AND jsonPayload.oldest_owed_s>${var.alerts.owed_minutes * 60}"
      text     = "Money settled and Meta has not been told. Nothing is lost: it is in the ledger and is tried again, until it is 7 days old. Look at the last lines of `${local.service_names["dispatch"]}`: `error` says who is away. `./scripts/settled statement` lists what is in flight."
    }
    dead_letter = {
      title    = "Meta refused a purchase or an event, or it grew too old"
      severity = "ERROR"
      filter   = local.dead_letters_filter
      text     = "It will not be tried again by itself. `reason` on the line says why; `./scripts/settled dead-letters list` names what it was. Put right what is wrong (dataset, event names, catalogue ids), then `dead-letters replay`. What grew too old stays in the ledger as expired."
    }
    destination_paused = {
      title    = "Nothing is sent to a destination: it is paused"
      severity = "CRITICAL"
      filter   = "${local.lines_of_any} AND jsonPayload.paused:*"
      text     = "`reason` says why; `meta_190` is a dead access token. Purchases are kept and follow once it works again, if that is within 7 days. Put a new token into the secret `${local.secret_names["meta-access-token"]}`; within ten minutes the relay finds that it works and everything goes on."
    }
    statement_off = {
      title    = "Yesterday's statement does not add up"
      severity = "ERROR"
      filter   = "${local.lines_of["reconcile"]} AND jsonPayload.path=\"statement\" AND jsonPayload.adds_up=false"
      text     = "What settled is not the sum of what was accepted, withheld, rejected, expired and is in flight. `./scripts/settled statement --day YYYY-MM-DD` shows which figure is off. This is a defect of Settled: please report it."
    }
    defect = {
      title    = "A function failed in a way that it should not"
      severity = "ERROR"
      filter   = "${local.lines_of_any} AND jsonPayload.error=\"internal\""
      text     = "`exception` and `where` on the line name the place. The caller was asked to come back, so nothing is lost yet. If it began with a deployment, deploy the former version; please report it."
    }
    bad_signatures = {
      title    = "Stripe's signature was refused ${var.alerts.bad_signatures} times in ten minutes"
      severity = "ERROR"
      every    = "60s"
      query    = "sum(increase(logging_googleapis_com:user_${replace(google_logging_metric.counter["bad_signatures"].name, "-", "_")}{monitored_resource=\"cloud_run_revision\"}[10m])) >= ${var.alerts.bad_signatures}"
      text     = "Either the signing secret in Secret Manager is not the endpoint's (it was rotated in Stripe's dashboard, or belongs to another endpoint), or somebody knocks who is not Stripe. If Stripe's dashboard shows failed deliveries, put the endpoint's secret in anew; Stripe repeats for three days."
    }
    silent_webhook = {
      title    = "Stripe has told nothing for ${var.alerts.silent_webhook_hours} hours"
      severity = "WARNING"
      every    = "600s"
      query    = "(sum(increase(${local._taken_by["stripe_webhook"]}[7d])) > 0) unless (sum(increase(${local._taken_by["stripe_webhook"]}[${var.alerts.silent_webhook_hours}h])) > 0)"
      text     = "In the week before it did. Look in Stripe's dashboard whether the endpoint is still there, enabled and without errors. Meanwhile `reconcile` asks Stripe every hour and finds the money itself. If nobody bought anything, raise alerts.silent_webhook_hours."
    }
    error_ratio = {
      title    = "A function answers more than ${var.alerts.error_ratio * 100} % of its requests with an error"
      severity = "ERROR"
      every    = "60s"
      query    = "(sum by (service_name) (increase(${local._server_errors}[15m])) / sum by (service_name) (increase(${local._answers}[15m])) > ${var.alerts.error_ratio}) and (sum by (service_name) (increase(${local._server_errors}[15m])) >= 5)"
      text     = "`error` on the function's lines says why: store_away and queue_away are Google's, secret_away is a secret without a value or a role that is missing, stripe_away is Stripe, or a key that it refuses (`reason` key_refused), internal is a defect. Browsers and Stripe try again."
    }
    repair_stopped = {
      title    = "reconcile has not run for 15 minutes"
      severity = "CRITICAL"
      every    = "60s"
      query    = "(sum(increase(${local._taken_by["reconcile"]}[1d])) > 0) unless (sum(increase(${local._taken_by["reconcile"]}[15m])) > 0)"
      text     = "Without it nobody notices a purchase that is owed. Look whether the Cloud Scheduler jobs `${var.prefix}-*` are enabled and what they last got: 403 is a missing grant, 503 says in `error` who is away."
    }
  }

  channels = concat(var.alerts.channels, [for channel in google_monitoring_notification_channel.email : channel.id])
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alerts.emails)

  project      = local.project
  display_name = "Settled: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = { for name, alert in local.alerts : name => alert if var.alerts.on_metrics || can(alert.filter) }

  project               = local.project
  display_name          = "Settled (${var.prefix}): ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    dynamic "condition_matched_log" {
      for_each = try([each.value.filter], [])

      content {
        filter = condition_matched_log.value
      }
    }

    dynamic "condition_prometheus_query_language" {
      for_each = try([each.value.query], [])

      content {
        query               = condition_prometheus_query_language.value
        duration            = "0s"
        evaluation_interval = each.value.every
        # A metric exists from its first point on; before the first request there is none.
        disable_metric_validation = true
      }
    }
  }

  # Quiet again a day after the last time.
  alert_strategy {
    auto_close = "86400s"

    # One mail an hour, however many lines.
    dynamic "notification_rate_limit" {
      for_each = try([each.value.filter], [])

      content {
        period = "3600s"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = each.value.title
    content   = each.value.text
  }
}
