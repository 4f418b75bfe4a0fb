output "function" {
  description = "The function, with all that is known of it."
  value       = google_cloudfunctions2_function.this
}

output "invokers" {
  description = "The grants to call it, under the names of `invokers`."
  value       = google_cloud_run_service_iam_member.invoker
}

output "member" {
  description = "The service account that it runs as, as IAM writes a member."
  value       = "serviceAccount:${google_service_account.this.email}"
}

output "name" {
  description = "Name of the function and of its Cloud Run service."
  value       = google_cloudfunctions2_function.this.name
}

output "service" {
  description = "Full name of its Cloud Run service."
  value       = google_cloudfunctions2_function.this.service_config[0].service
}
