# Two queues, so that a flood of page views never delays a purchase; each may be several.

locals {
  # The first has no number, so that a second one changes nothing about it.
  queue_names = {
    for kind, shards in { events = var.queues.events_shards, purchases = var.queues.purchases_shards } :
    kind => {
      for shard in range(1, shards + 1) :
      "${kind}-${shard}" => join("-", compact([var.prefix, kind, shard == 1 ? "" : shard, var.queues.suffix]))
    }
  }
  queue_paths = {
    for kind, names in local.queue_names :
    kind => [for name in values(names) : "projects/${var.project_id}/locations/${var.region}/queues/${name}"]
  }

  # What `dispatch` can take at once. Purchases have a quarter of it to themselves, so that Cloud
  # Run never turns one away for an event.
  _capacity          = local.sizes["dispatch"].max_instances * local.sizes["dispatch"].concurrency
  _purchases_at_once = max(1, floor(local._capacity / 4 / var.queues.purchases_shards))
  _events_at_once    = max(1, floor((local._capacity - local._purchases_at_once * var.queues.purchases_shards) / var.queues.events_shards))

  # Cloud Tasks refuses a queue that would hand out more at once.
  _at_once_at_most = 5000

  # Which queues a function's code puts tasks into; tests/terraform derives the same from the code.
  enqueues = {
    collect        = ["events"]
    stripe_webhook = ["events", "purchases"]
    dispatch       = ["events", "purchases"]
    reconcile      = ["events", "purchases"]
  }
}

# How long each queue tries is decided in shared/domain/retry_plan.py, as `dispatch` has to know
# which attempt is a task's last: Cloud Tasks then deletes it and tells nobody. A test compares. By
# max_retry_duration, if it were set, a task would be tried longer than that, so attempts alone count.
resource "google_cloud_tasks_queue" "events" {
  for_each = local.queue_names["events"]

  project  = local.project
  location = var.region
  name     = each.value

  rate_limits {
    max_dispatches_per_second = 500
    max_concurrent_dispatches = min(local._events_at_once, local._at_once_at_most)
  }

  # 10 s, 20, 40 … 43 minutes, then every hour: the 7 days in which Meta takes events.
  retry_config {
    max_attempts       = 180
    max_retry_duration = "0s"
    min_backoff        = "10s"
    max_backoff        = "3600s"
    max_doublings      = 8
  }

  # One line in a hundred; the functions write their own.
  stackdriver_logging_config {
    sampling_ratio = 0.01
  }
}

resource "google_cloud_tasks_queue" "purchases" {
  for_each = local.queue_names["purchases"]

  project  = local.project
  location = var.region
  name     = each.value

  rate_limits {
    max_dispatches_per_second = 100
    max_concurrent_dispatches = min(local._purchases_at_once, local._at_once_at_most)
  }

  # 5 s, 10, 20 … then every ten minutes: quick when Meta is back. The ledger remembers anyway.
  retry_config {
    max_attempts       = 100
    max_retry_duration = "0s"
    min_backoff        = "5s"
    max_backoff        = "600s"
    max_doublings      = 7
  }

  # Every one: they are few, and each is somebody's money.
  stackdriver_logging_config {
    sampling_ratio = 1
  }
}

locals {
  _queues = {
    events    = google_cloud_tasks_queue.events
    purchases = google_cloud_tasks_queue.purchases
  }
  _enqueuers = merge(flatten([
    for function, kinds in local.enqueues : [
      for kind in kinds : {
        for shard in keys(local.queue_names[kind]) : "${function}.${shard}" => { function = function, kind = kind, shard = shard }
      }
    ]
  ])...)
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = local._enqueuers

  project  = local.project
  location = var.region
  name     = local._queues[each.value.kind][each.value.shard].name
  role     = "roles/cloudtasks.enqueuer"
  member   = module.function[each.value.function].member
}

# Whoever creates a task that calls in another's name must be allowed to act as that other.
resource "google_service_account_iam_member" "act_as_tasks" {
  for_each = local.enqueues

  service_account_id = google_service_account.tasks.name
  role               = "roles/iam.serviceAccountUser"
  member             = module.function[each.key].member
}
