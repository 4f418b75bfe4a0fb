# Optional: a word when a month costs more than was thought. It stops nothing.

resource "google_billing_budget" "monthly" {
  for_each = var.budget == null ? {} : { monthly = var.budget }

  billing_account = each.value.billing_account
  display_name    = "Settled (${var.prefix}) in ${var.project_id}"

  amount {
    specified_amount {
      units = tostring(each.value.amount)
    }
  }

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    # Five at most. The billing account's own administrators are told too.
    monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels)))
  }

  depends_on = [time_sleep.apis]
}
