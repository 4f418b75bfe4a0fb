# The whole, as five lines of variables make it, against made-up answers of Google.

# Answers are there at the plan already, so nothing has to be applied and taken down again.
mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}
mock_provider "time" {
  override_during = plan
}
# The zips themselves are looked into by tests/terraform/test_zips.py.
mock_provider "archive" {
  override_during = plan

  mock_data "archive_file" {
    defaults = { output_sha256 = "0123456789abcdef0123456789abcdef" }
  }
}

variables {
  project_id = "my-shop-123456"
  region     = "europe-west1"
  shop       = { origins = ["https://shop.example"] }
  meta       = { dataset_id = "1234567890" }
  alerts     = { emails = ["ops@shop.example"] }
}

run "five_lines_of_variables_make_a_live_system" {
  command = plan

  # Five lines are enough.
  assert {
    condition = { for name, function in module.function : name => function.name } == {
      collect        = "settled-collect"
      stripe_webhook = "settled-stripe-webhook"
      dispatch       = "settled-dispatch"
      reconcile      = "settled-reconcile"
    }
    error_message = "There are four functions, with names that Cloud Run takes."
  }
  assert {
    condition     = alltrue([for name, function in module.function : function.function.build_config[0].entry_point == name])
    error_message = "The entry point keeps Python's name of the function."
  }
  assert {
    condition     = alltrue([for function in module.function : length("${function.name}-123456789012") <= 63])
    error_message = "A longer name has no predictable address."
  }
  assert {
    condition     = alltrue([for queue in merge(google_cloud_tasks_queue.events, google_cloud_tasks_queue.purchases) : startswith(queue.name, "settled-")])
    error_message = "Queues carry the prefix."
  }

  # Only browsers and Stripe come in from outside.
  assert {
    condition = { for name, function in module.function : name => function.function.service_config[0].ingress_settings } == {
      collect        = "ALLOW_ALL"
      stripe_webhook = "ALLOW_ALL"
      dispatch       = "ALLOW_INTERNAL_ONLY"
      reconcile      = "ALLOW_INTERNAL_ONLY"
    }
    error_message = "dispatch and reconcile are internal."
  }
  assert {
    condition = { for name, function in module.function : name => values(function.invokers)[*].member } == {
      collect        = ["allUsers"]
      stripe_webhook = ["allUsers"]
      dispatch       = ["serviceAccount:${google_service_account.tasks.email}"]
      reconcile      = ["serviceAccount:${google_service_account.scheduler.email}"]
    }
    error_message = "Cloud Tasks alone calls dispatch, Cloud Scheduler alone reconcile."
  }
  assert {
    condition     = alltrue(flatten([for function in module.function : [for grant in function.invokers : grant.role == "roles/run.invoker"]]))
    error_message = "Calling is all that a caller may do."
  }

  # Each function is somebody of its own.
  assert {
    condition     = length(distinct([for function in module.function : function.member])) == 4
    error_message = "No two functions share a service account."
  }
  assert {
    condition     = alltrue([for function in module.function : endswith(function.function.build_config[0].service_account, google_service_account.build.id)])
    error_message = "The build has an account of its own, named in full."
  }

  # A function may put tasks only into the queues it uses.
  assert {
    condition = toset(keys(google_cloud_tasks_queue_iam_member.enqueuer)) == toset([
      "collect.events-1", "stripe_webhook.events-1", "stripe_webhook.purchases-1", "dispatch.events-1", "dispatch.purchases-1",
      "reconcile.events-1", "reconcile.purchases-1",
    ])
    error_message = "collect: events; the others, who may hear of a refund, both."
  }
  assert {
    condition = alltrue([
      for name, grant in google_cloud_tasks_queue_iam_member.enqueuer :
      grant.role == "roles/cloudtasks.enqueuer" && grant.member == module.function[split(".", name)[0]].member
    ])
    error_message = "The grant is to the function's own account, and to enqueue only."
  }
  assert {
    condition = alltrue([
      for name, grant in google_service_account_iam_member.act_as_tasks :
      grant.service_account_id == google_service_account.tasks.name && grant.role == "roles/iam.serviceAccountUser" && grant.member == module.function[name].member
    ]) && length(google_service_account_iam_member.act_as_tasks) == 4
    error_message = "Acting as another is allowed for the one account that calls dispatch."
  }

  # A function may read only the secrets it uses.
  assert {
    condition = toset(keys(google_secret_manager_secret_iam_member.reader)) == toset([
      "stripe_webhook.stripe-webhook-main", "dispatch.meta-access-token", "dispatch.stripe-api-key", "reconcile.meta-access-token", "reconcile.stripe-api-key",
    ])
    error_message = "collect reads none; stripe_webhook the signing secret; dispatch and reconcile Meta's token and Stripe's key."
  }
  assert {
    condition = alltrue([
      for name, grant in google_secret_manager_secret_iam_member.reader :
      grant.role == "roles/secretmanager.secretAccessor" && grant.member == module.function[split(".", name)[0]].member && grant.secret_id == "settled-${split(".", name)[1]}"
    ])
    error_message = "The grant is on the one secret, to the function's own account."
  }

  # What a project wide role reaches is narrowed.
  assert {
    condition = alltrue([
      for name, grant in google_project_iam_member.firestore :
      grant.role == "roles/datastore.user" && grant.member == module.function[name].member && grant.condition[0].expression == "resource.name == \"projects/my-shop-123456/databases/(default)\""
    ]) && length(google_project_iam_member.firestore) == 4
    error_message = "Firestore: the one database."
  }
  assert {
    condition     = google_project_iam_member.build_copies.condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-123456789012-europe-west1\")"
    error_message = "The build reads the one bucket that Cloud Functions makes."
  }
  assert {
    condition     = google_project_iam_member.build_logs.role == "roles/logging.logWriter" && google_artifact_registry_repository_iam_member.build.role == "roles/artifactregistry.writer" && google_storage_bucket_iam_member.build.role == "roles/storage.objectViewer"
    error_message = "The build writes logs and images, and reads zips."
  }

  # A task is tried as long as dispatch thinks it is.
  assert {
    condition = {
      for name, queue in merge(google_cloud_tasks_queue.events, google_cloud_tasks_queue.purchases) :
      queue.name => queue.retry_config[0]
      } == {
      settled-events    = { max_attempts = 180, max_retry_duration = "0s", min_backoff = "10s", max_backoff = "3600s", max_doublings = 8 }
      settled-purchases = { max_attempts = 100, max_retry_duration = "0s", min_backoff = "5s", max_backoff = "600s", max_doublings = 7 }
    }
    error_message = "Every retry field is written, as shared/domain/retry_plan.py says."
  }
  assert {
    condition = (
      google_cloud_tasks_queue.events["events-1"].rate_limits[0].max_concurrent_dispatches +
      google_cloud_tasks_queue.purchases["purchases-1"].rate_limits[0].max_concurrent_dispatches
    ) == module.function["dispatch"].function.service_config[0].max_instance_count * module.function["dispatch"].function.service_config[0].max_instance_request_concurrency
    error_message = "The queues hand out what dispatch can take at once."
  }
  assert {
    condition     = google_cloud_tasks_queue.purchases["purchases-1"].rate_limits[0].max_concurrent_dispatches == 40
    error_message = "A quarter of it is the purchases' own."
  }

  # An operator's command finds what was made.
  assert {
    condition = output.operator_settings == join("\n", [
      "export DISPATCH_URL='https://settled-dispatch-123456789012.europe-west1.run.app'",
      "export EVENTS_QUEUE='projects/my-shop-123456/locations/europe-west1/queues/settled-events'",
      "export FIRESTORE_DATABASE='(default)'",
      "export GOOGLE_CLOUD_PROJECT='my-shop-123456'",
      "export PURCHASES_QUEUE='projects/my-shop-123456/locations/europe-west1/queues/settled-purchases'",
      "export TASKS_SERVICE_ACCOUNT='${google_service_account.tasks.email}'",
    ])
    error_message = "A shell takes the settings of ./scripts/settled, the brackets of a database's name too."
  }

  # Threads are as many as requests at once.
  assert {
    condition     = alltrue([for function in module.function : function.function.service_config[0].environment_variables["THREADS"] == tostring(function.function.service_config[0].max_instance_request_concurrency)])
    error_message = "gunicorn's own guess of 4 would queue the others inside the instance."
  }
  assert {
    condition     = alltrue([for function in module.function : function.function.service_config[0].min_instance_count == 0 && function.function.service_config[0].max_instance_count > 0])
    error_message = "Idle costs nothing, and a flood has a bound."
  }
  assert {
    condition     = alltrue([for function in module.function : function.function.service_config[0].available_cpu == "1"])
    error_message = "Below one whole CPU Cloud Run refuses several requests at once."
  }

  # Tasks and jobs call the roots of functions.
  assert {
    condition     = module.function["collect"].function.service_config[0].environment_variables["DISPATCH_URL"] == "https://settled-dispatch-123456789012.europe-west1.run.app"
    error_message = "Tasks go to dispatch's run.app address."
  }
  assert {
    condition = {
      for name, job in google_cloud_scheduler_job.reconcile : name => [job.schedule, job.http_target[0].http_method, job.http_target[0].uri]
      } == {
      relay     = ["* * * * *", "POST", "https://settled-reconcile-123456789012.europe-west1.run.app/relay"]
      stripe    = ["17 * * * *", "POST", "https://settled-reconcile-123456789012.europe-west1.run.app/stripe"]
      statement = ["40 3 * * *", "POST", "https://settled-reconcile-123456789012.europe-west1.run.app/statement"]
    }
    error_message = "Relay each minute, Stripe each hour, the statement once a day; a fourth job would cost money."
  }
  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.reconcile : job.time_zone == "Etc/UTC" && job.attempt_deadline == "320s" && job.http_target[0].oidc_token[0].audience == "https://settled-reconcile-123456789012.europe-west1.run.app" && job.http_target[0].oidc_token[0].service_account_email == google_service_account.scheduler.email])
    error_message = "Jobs run in UTC, longer than reconcile may take, with a token for its root."
  }

  # The ledger is hard to lose.
  assert {
    condition     = google_firestore_database.this.type == "FIRESTORE_NATIVE" && google_firestore_database.this.location_id == "europe-west1"
    error_message = "Native mode, in the region."
  }
  assert {
    condition     = google_firestore_database.this.delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.this.deletion_policy == "ABANDON"
    error_message = "Protected, and let go of rather than deleted."
  }
  assert {
    condition     = alltrue([for field in concat(values(google_firestore_field.expires_at), values(google_firestore_field.queried), values(google_firestore_field.unindexed)) : field.deletion_policy == "ABANDON"])
    error_message = "What is kept goes on deleting what expires."
  }
  assert {
    condition     = google_firestore_database.this.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED" && google_firestore_backup_schedule.daily.retention == "1209600s"
    error_message = "Point-in-time recovery, and daily backups for two weeks."
  }
  assert {
    condition     = strcontains(google_firebaserules_ruleset.deny_all.source[0].files[0].content, "allow read, write: if false;") && google_firebaserules_release.this.name == "cloud.firestore"
    error_message = "Nobody comes in past IAM."
  }
  assert {
    condition     = length([for kept in output.kept_on_destroy : kept if strcontains(kept, "Firestore database (default)")]) == 1
    error_message = "What a destroy keeps is named."
  }

  # Documents expire and only what is queried is indexed.
  assert {
    condition     = toset(keys(google_firestore_field.expires_at)) == toset(["aliases", "dead_letters", "receipts", "sessions"]) && alltrue([for field in google_firestore_field.expires_at : field.field == "expires_at" && length(field.ttl_config) == 1])
    error_message = "Sessions, receipts, aliases and dead letters expire; purchases do not."
  }
  assert {
    condition     = alltrue([for field in merge(google_firestore_field.expires_at, google_firestore_field.unindexed) : length(field.index_config) == 1 && length(field.index_config[0].indexes) == 0])
    error_message = "An instant that only expires, and whatever is not queried, has no index."
  }
  assert {
    condition     = alltrue([for field in google_firestore_field.unindexed : field.field == "*"]) && contains(keys(google_firestore_field.unindexed), "purchases")
    error_message = "The exemption is for all fields of a collection."
  }

  # An idle shop costs nothing.
  assert {
    condition     = [for policy in google_artifact_registry_repository.images.cleanup_policies : policy.most_recent_versions[0].keep_count if policy.action == "KEEP"] == [2]
    error_message = "What runs, and what ran before it: half a gigabyte of images is free."
  }

  # No secret passes through terraform.
  assert {
    condition     = toset(values(google_secret_manager_secret.this)[*].secret_id) == toset(["settled-meta-access-token", "settled-stripe-api-key", "settled-stripe-webhook-main"])
    error_message = "Three secrets wait for their values."
  }
  assert {
    condition = alltrue(flatten([
      for function in module.function : [
        for name in ["META_ACCESS_TOKEN", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRETS"] :
        can(regex("^projects/my-shop-123456/secrets/settled-[a-z-]+/versions/latest$", lookup(function.function.service_config[0].environment_variables, name, "projects/my-shop-123456/secrets/settled-none/versions/latest")))
      ]
    ]))
    error_message = "Functions are given references."
  }
  assert {
    condition     = alltrue([for command in values(output.secret_commands) : can(regex("^gcloud secrets versions add settled-[a-z-]+ --project=my-shop-123456 --data-file=-$", command))]) && length(output.secret_commands) == 3
    error_message = "Values are put in by hand, from standard input."
  }

  # Somebody is told.
  assert {
    condition     = google_monitoring_notification_channel.email["ops@shop.example"].labels["email_address"] == "ops@shop.example"
    error_message = "By e-mail."
  }
  assert {
    condition = toset(keys(google_monitoring_alert_policy.this)) == toset([
      "purchase_owed", "dead_letter", "destination_paused", "statement_off", "defect", "bad_signatures", "silent_webhook", "error_ratio", "repair_stopped",
    ])
    error_message = "Each alert of terraform/README.md."
  }
  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.this : policy.notification_channels == tolist([google_monitoring_notification_channel.email["ops@shop.example"].id]) && length(policy.documentation[0].content) > 100])
    error_message = "Every alert reaches somebody and says what to do."
  }
  assert {
    condition     = endswith(google_monitoring_alert_policy.this["purchase_owed"].conditions[0].condition_matched_log[0].filter, "jsonPayload.path=\"relay\" AND jsonPayload.oldest_owed_s>900")
    error_message = "A purchase owed for more than a quarter of an hour."
  }
  assert {
    condition = alltrue([
      for policy in google_monitoring_alert_policy.this :
      length(policy.conditions[0].condition_matched_log) + length(policy.conditions[0].condition_prometheus_query_language) == 1
    ])
    error_message = "Each alert looks at lines or at metrics."
  }
  assert {
    condition = alltrue([
      for policy in google_monitoring_alert_policy.this :
      [for limit in policy.alert_strategy[0].notification_rate_limit : limit.period] == [for condition in policy.conditions[0].condition_matched_log : "3600s"]
    ])
    error_message = "Google refuses an alert on lines without a limit of mails, and one on metrics with it."
  }
  assert {
    condition     = alltrue(flatten([for policy in google_monitoring_alert_policy.this : policy.conditions[0].condition_prometheus_query_language[*].disable_metric_validation]))
    error_message = "The first apply must not wait for the first webhook."
  }
  assert {
    condition     = length(google_billing_budget.monthly) == 0 && length(jsondecode(google_monitoring_dashboard.this.dashboard_json).mosaicLayout.tiles) == 10
    error_message = "A dashboard, and no budget unless asked for."
  }

  # Successes of collect are not kept.
  assert {
    condition     = strcontains(google_logging_project_exclusion.collect_requests.filter, "resource.labels.service_name=\"settled-collect\"") && strcontains(google_logging_project_exclusion.collect_requests.filter, "httpRequest.status<400")
    error_message = "Cloud Run's lines about successful requests to collect are left out, and no others."
  }
}

run "a_trial_can_be_thrown_away" {
  command = plan

  variables {
    prefix    = "trial"
    firestore = { database = "trial", delete_protection = false, location = "eur3" }
    queues    = { events_shards = 3, purchases_shards = 2, suffix = "b" }
    stripe    = { endpoints = ["main", "next"], livemode = false }
    budget    = { amount = 50, billing_account = "012345-6789AB-CDEF01" }
    functions = { dispatch = { max_instances = 20 } }
    alerts    = { emails = ["ops@shop.example"], on_metrics = false }
  }

  override_data {
    target = data.google_cloud_run_v2_service.dispatch
    values = { urls = ["https://trial-dispatch-abc-ew.a.run.app", "https://trial-dispatch-123456789012.europe-west1.run.app"] }
  }

  assert {
    condition     = google_firestore_database.this.delete_protection_state == "DELETE_PROTECTION_DISABLED" && google_firestore_database.this.deletion_policy == "DELETE" && google_firestore_database.this.location_id == "eur3"
    error_message = "Without protection the database goes with the rest."
  }
  assert {
    condition = toset(keys(google_monitoring_alert_policy.this)) == toset([
      "purchase_owed", "dead_letter", "destination_paused", "statement_off", "defect",
    ])
    error_message = "Without conditions on metrics, which Google announced to charge for, those on the log remain."
  }
  assert {
    condition     = google_firebaserules_release.this.name == "cloud.firestore/trial"
    error_message = "Rules are released for the database by name."
  }
  assert {
    condition     = values(google_cloud_tasks_queue.events)[*].name == ["trial-events-b", "trial-events-2-b", "trial-events-3-b"]
    error_message = "Shards are numbered, the first is not; a suffix makes names that are not blocked."
  }
  assert {
    condition     = module.function["collect"].function.service_config[0].environment_variables["EVENTS_QUEUE"] == join(",", [for name in ["trial-events-b", "trial-events-2-b", "trial-events-3-b"] : "projects/my-shop-123456/locations/europe-west1/queues/${name}"])
    error_message = "collect knows all shards."
  }
  assert {
    condition     = google_cloud_tasks_queue.events["events-2"].rate_limits[0].max_concurrent_dispatches == 80 && google_cloud_tasks_queue.purchases["purchases-2"].rate_limits[0].max_concurrent_dispatches == 40
    error_message = "Shards divide what dispatch can take: 320 at once, a quarter for purchases."
  }
  assert {
    condition     = module.function["stripe_webhook"].function.service_config[0].environment_variables["STRIPE_WEBHOOK_SECRETS"] == "projects/my-shop-123456/secrets/trial-stripe-webhook-main/versions/latest,projects/my-shop-123456/secrets/trial-stripe-webhook-next/versions/latest"
    error_message = "Two endpoints, two secrets."
  }
  assert {
    condition     = module.function["dispatch"].function.service_config[0].max_instance_count == 20 && module.function["dispatch"].function.service_config[0].max_instance_request_concurrency == 16
    error_message = "What is not said keeps its default."
  }
  assert {
    condition     = google_billing_budget.monthly["monthly"].amount[0].specified_amount[0].units == "50"
    error_message = "The budget asked for."
  }
  assert {
    condition     = length([for kept in output.kept_on_destroy : kept if strcontains(kept, "Firestore database")]) == 0
    error_message = "A database that goes is not said to stay."
  }
}

run "a_large_dispatch_is_filled_by_queues_that_cloud_tasks_takes" {
  command = plan

  variables {
    functions = { dispatch = { concurrency = 80, max_instances = 500 } }
  }

  assert {
    condition = alltrue([
      for queue in merge(google_cloud_tasks_queue.events, google_cloud_tasks_queue.purchases) : queue.rate_limits[0].max_concurrent_dispatches == 5000
    ])
    error_message = "Of 40000 at once a queue hands out 5000 at most; more queues hand out more."
  }
}
