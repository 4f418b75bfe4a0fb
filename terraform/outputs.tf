output "collect_host" {
  description = "Where the shop's CDN or web server passes requests on to; null behind the load balancer, which closes it."
  value       = var.domain.mode == "load_balancer" ? null : trimprefix(local.urls["collect"], "https://")
}

output "collect_url" {
  description = "Where browsers reach collect."
  value       = local.collect_url
}

output "dashboard" {
  description = "The dashboard's address."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.this.id)}?project=${var.project_id}"
}

output "dns_record" {
  description = "The record that makes the load balancer reachable; null without one."
  value       = one([for address in google_compute_global_address.this : "${var.domain.host}. A ${address.address}"])
}

output "kept_on_destroy" {
  description = "What `terraform destroy` leaves behind, and how to remove it by hand."
  value = compact([
    var.firestore.delete_protection ? "The ledger, Firestore database ${var.firestore.database}: to remove it for good, gcloud firestore databases update --database='${var.firestore.database}' --no-delete-protection --project=${var.project_id}, then gcloud firestore databases delete --database='${var.firestore.database}' --project=${var.project_id}" : "",
    "Its backups, until they are ${var.firestore.backups_kept_for_days} days old: gcloud firestore backups list --project=${var.project_id}",
    "The bucket that Cloud Functions made for itself: gcloud storage rm --recursive gs://${local.google_sources_bucket}",
    "Logs, for 30 days, and the APIs, switched on.",
  ])
}

output "operator_settings" {
  description = "The settings of ./scripts/settled, for a shell: eval \"$(terraform output -raw operator_settings)\""
  value = join("\n", [
    for name, value in merge(local._store_settings, local._task_settings) : "export ${name}='${value}'"
  ])
}

output "secret_commands" {
  description = "How to put each secret in: paste the value, then press Ctrl-D twice. The value goes neither into the shell's history nor into Terraform."
  value = {
    for key, secret in local.secrets :
    secret.holds => "gcloud secrets versions add ${local.secret_names[key]} --project=${var.project_id} --data-file=-"
  }
}

output "stripe_webhook_events" {
  description = "The events to choose at that endpoint in Stripe's dashboard."
  value = concat([
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "invoice.paid",
    "invoice_payment.paid",
    "refund.failed",
    "refund.updated",
    ],
    var.policies.direct_payments ? ["payment_intent.succeeded"] : [],
  )
}

output "stripe_webhook_url" {
  description = "The endpoint to add in Stripe's dashboard."
  value       = local.stripe_webhook_url
}

output "tag_snippet" {
  description = "For the head of every page: terraform output -raw tag_snippet"
  value       = "<script async src=\"${local.collect_url}/tag.js\" data-dataset=\"${var.meta.dataset_id}\"></script>"
}
