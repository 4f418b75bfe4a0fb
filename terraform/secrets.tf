# Secrets without values: those are put in by hand and never pass through Terraform or its state.

locals {
  # Each with the setting that names it, and what it is, for the commands that outputs.tf prints.
  secrets = merge(
    {
      meta-access-token = { setting = "META_ACCESS_TOKEN", holds = "Meta: the dataset's access token" }
      stripe-api-key    = { setting = "STRIPE_API_KEY", holds = "Stripe: a restricted key that only reads (rk_…)" }
    },
    {
      for name in var.stripe.endpoints : "stripe-webhook-${name}" => {
        setting = "STRIPE_WEBHOOK_SECRETS", holds = "Stripe: the signing secret of the webhook endpoint ${name} (whsec_…)"
      }
    },
  )
  secret_names      = { for key in keys(local.secrets) : key => "${var.prefix}-${key}" }
  secret_references = { for key, name in local.secret_names : key => "projects/${var.project_id}/secrets/${name}/versions/latest" }

  # A function may read exactly the secrets that its settings name.
  _readers = merge([
    for function, settings in local.settings : {
      for key, secret in local.secrets : "${function}.${key}" => { function = function, secret = key }
      if contains(keys(settings), secret.setting)
    }
  ]...)
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  project   = local.project
  secret_id = local.secret_names[each.key]
  # A version destroyed by mistake can be had back for a day.
  version_destroy_ttl = "86400s"

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local._readers

  project   = google_secret_manager_secret.this[each.value.secret].project
  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.function[each.value.function].member
}
