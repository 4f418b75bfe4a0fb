# One page: is money reaching Meta, and if not, where does it stand.

locals {
  _user_metric = { for name in concat(keys(local.counters), ["oldest_owed_s"]) : name => "logging_googleapis_com:user_${replace(var.prefix, "-", "_")}_${name}" }
  _our_queues  = join("|", flatten([for names in values(local.queue_names) : values(names)]))

  # Title and PromQL, in reading order, two a row.
  charts = [
    ["Purchases by outcome, an hour", "sum by (outcome) (increase(${local._user_metric["purchases"]}{monitored_resource=\"cloud_run_revision\"}[1h]))"],
    ["Longest owed purchase, seconds", "histogram_quantile(1, sum by (le) (increase(${local._user_metric["oldest_owed_s"]}_bucket{monitored_resource=\"cloud_run_revision\"}[5m])))"],
    ["Stripe's webhooks by answer, an hour", "sum by (response_code_class) (increase(${local._requests},service_name=\"${local.service_names["stripe_webhook"]}\"}[1h]))"],
    ["Browsers' requests by answer, a second", "sum by (response_code_class) (rate(${local._requests},service_name=\"${local.service_names["collect"]}\"}[5m]))"],
    ["Tasks waiting", "sum by (queue_id) (cloudtasks_googleapis_com:queue_depth{monitored_resource=\"cloud_tasks_queue\",queue_id=~\"${local._our_queues}\"})"],
    ["Attempts by answer, a second", "sum by (response_code) (rate(cloudtasks_googleapis_com:queue_task_attempt_count{monitored_resource=\"cloud_tasks_queue\",queue_id=~\"${local._our_queues}\"}[5m]))"],
    ["Dead letters by reason, an hour", "sum by (reason) (increase(${local._user_metric["dead_letters"]}{monitored_resource=\"cloud_run_revision\"}[1h]))"],
    ["Dropped, an hour", "sum by (dropped) (increase(${local._user_metric["dropped"]}{monitored_resource=\"cloud_run_revision\"}[1h]))"],
    ["Slowest twentieth of requests, milliseconds", "histogram_quantile(0.95, sum by (le, service_name) (rate(run_googleapis_com:request_latencies_bucket{monitored_resource=\"cloud_run_revision\",location=\"${var.region}\",service_name=~\"${join("|", values(local.service_names))}\"}[5m])))"],
    ["Refused signatures, an hour", "sum(increase(${local._user_metric["bad_signatures"]}{monitored_resource=\"cloud_run_revision\"}[1h]))"],
  ]
}

resource "google_monitoring_dashboard" "this" {
  project = local.project

  dashboard_json = jsonencode({
    displayName = "Settled (${var.prefix})"
    mosaicLayout = {
      columns = 48
      tiles = [
        for position, chart in local.charts : {
          xPos   = position % 2 * 24
          yPos   = floor(position / 2) * 16
          width  = 24
          height = 16
          widget = {
            title = chart[0]
            xyChart = {
              dataSets = [{
                plotType        = "LINE"
                timeSeriesQuery = { prometheusQuery = chart[1] }
              }]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.counter, google_logging_metric.oldest_owed]
}
