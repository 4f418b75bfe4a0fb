# The four functions: how big they are, who calls them, and their settings (shared/config.py).

locals {
  # Threads wait for Firestore, Stripe and Meta most of the time, so one CPU serves many requests;
  # `collect` is asynchronous and serves more. Below one whole CPU Cloud Run allows one at a time.
  _sizes = {
    collect        = { cpu = 1, memory = "512Mi", concurrency = 80, min_instances = 0, max_instances = 10 }
    stripe_webhook = { cpu = 1, memory = "512Mi", concurrency = 16, min_instances = 0, max_instances = 5 }
    dispatch       = { cpu = 1, memory = "512Mi", concurrency = 16, min_instances = 0, max_instances = 10 }
    reconcile      = { cpu = 1, memory = "512Mi", concurrency = 8, min_instances = 0, max_instances = 2 }
  }
  sizes = {
    for name, size in local._sizes : name => merge(
      size, { for key, value in try(var.functions[name], {}) : key => value if value != null }
    )
  }

  # Behind the load balancer nobody may walk around Cloud Armor by the run.app address.
  _public_ingress = var.domain.mode == "load_balancer" ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_ALL"

  # Seconds. A browser and Stripe wait for the first two. A task's own deadline is 60
  # (shared/adapters/cloud_tasks.py), so `dispatch` ends before it. Cloud Scheduler waits longer
  # than `reconcile` lasts (schedules.tf).
  _functions = {
    collect = {
      ingress  = local._public_ingress
      invokers = { everyone = "allUsers" }
      timeout  = 30
    }
    stripe_webhook = {
      ingress  = local._public_ingress
      invokers = { everyone = "allUsers" }
      timeout  = 30
    }
    dispatch = {
      ingress  = "ALLOW_INTERNAL_ONLY"
      invokers = { tasks = "serviceAccount:${google_service_account.tasks.email}" }
      timeout  = 55
    }
    reconcile = {
      ingress  = "ALLOW_INTERNAL_ONLY"
      invokers = { scheduler = "serviceAccount:${google_service_account.scheduler.email}" }
      timeout  = 300
    }
  }

  # Cloud Run's predictable address. `dispatch` has to know its own, and no function can be asked
  # for its address before it is there; `data.google_cloud_run_v2_service.dispatch` checks it.
  urls = {
    for name in keys(local._functions) :
    name => "https://${local.service_names[name]}-${data.google_project.this.number}.${var.region}.run.app"
  }
  service_names = { for name in keys(local._functions) : name => "${var.prefix}-${replace(name, "_", "-")}" }
}

# Settings, in the order of shared/config.py. tests/terraform holds both to the same names. What
# stands empty here is left out: the code's own default counts.
locals {
  _store_settings = {
    GOOGLE_CLOUD_PROJECT = var.project_id
    FIRESTORE_DATABASE   = var.firestore.database
  }
  _task_settings = {
    EVENTS_QUEUE          = join(",", local.queue_paths["events"])
    PURCHASES_QUEUE       = join(",", local.queue_paths["purchases"])
    DISPATCH_URL          = local.urls["dispatch"]
    TASKS_SERVICE_ACCOUNT = google_service_account.tasks.email
  }
  _consent_settings = {
    CONSENT_REQUIRED = tostring(var.consent.required)
    CONSENT_REGIONS  = join(",", var.consent.regions)
  }
  _collect_settings = {
    SHOP_ORIGINS       = join(",", var.shop.origins)
    TRUSTED_PROXY_HOPS = tostring(local.trusted_proxy_hops)
    COOKIE_DOMAIN      = local.cookie_domain
    SESSION_DAYS       = tostring(var.shop.session_days)
    EVENT_BUDGET       = var.shedding.events_per_second == null ? "none" : tostring(var.shedding.events_per_second)
  }
  _shedding_settings = {
    SHED_EVENTS = length(var.shedding.events) == 0 ? "none" : join(",", var.shedding.events)
  }
  _webhook_settings = {
    STRIPE_WEBHOOK_SECRETS = join(",", [for name in var.stripe.endpoints : local.secret_references["stripe-webhook-${name}"]])
  }
  _meta_settings = {
    META_API_VERSION     = var.meta.api_version
    META_DATASET_ID      = var.meta.dataset_id
    META_TEST_EVENT_CODE = var.meta.test_event_code
    META_ACCESS_TOKEN    = local.secret_references["meta-access-token"]
  }
  _stripe_settings = {
    STRIPE_API_KEY = local.secret_references["stripe-api-key"]
  }
  _policy_settings = {
    STRIPE_LIVEMODE        = tostring(var.stripe.livemode)
    UNMATCHED              = var.policies.unmatched
    PURCHASE_VALUE         = var.policies.purchase_value
    RENEWAL_EVENT          = var.policies.renewal_event
    TRIAL_EVENT            = var.policies.trial_event
    REFUND_EVENT           = var.policies.refund_event
    STRIPE_DIRECT_PAYMENTS = tostring(var.policies.direct_payments)
    MATCH_FOR              = var.policies.match_for
  }

  _common_settings = merge(local._store_settings, local._task_settings, local._consent_settings)
  settings = {
    collect        = merge(local._common_settings, local._shedding_settings, local._collect_settings)
    stripe_webhook = merge(local._common_settings, local._policy_settings, local._webhook_settings)
    dispatch       = merge(local._common_settings, local._shedding_settings, local._policy_settings, local._meta_settings, local._stripe_settings)
    reconcile      = merge(local._common_settings, local._policy_settings, local._meta_settings, local._stripe_settings)
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local._functions

  build = {
    repository      = google_artifact_registry_repository.images.id
    service_account = time_sleep.build_grants.triggers["service_account"]
  }
  bucket      = google_storage_bucket.sources.name
  code        = abspath("${path.root}/..")
  entry_point = each.key
  environment = { for name, value in local.settings[each.key] : name => value if value != null && value != "" }
  ingress     = each.value.ingress
  invokers    = each.value.invokers
  name        = local.service_names[each.key]
  project     = local.project
  region      = var.region
  size        = local.sizes[each.key]
  timeout     = each.value.timeout
}

data "google_cloud_run_v2_service" "dispatch" {
  project  = local.project
  location = var.region
  name     = basename(module.function["dispatch"].service)

  lifecycle {
    postcondition {
      condition     = contains(self.urls, local.urls["dispatch"])
      error_message = "Cloud Run does not answer for dispatch at ${local.urls["dispatch"]}, where tasks are sent, but at ${join(", ", self.urls)}. Choose a shorter prefix and apply again."
    }
  }
}
