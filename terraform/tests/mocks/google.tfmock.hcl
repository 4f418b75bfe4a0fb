# What Google would say of an empty project. Everything else is made up, differently each time.

mock_data "google_project" {
  defaults = { number = "123456789012" }
}

mock_data "google_cloud_run_v2_service" {
  defaults = { urls = ["https://settled-dispatch-123456789012.europe-west1.run.app"] }
}

mock_resource "google_service_account" {
  defaults = { name = "projects/my-shop-123456/serviceAccounts/made-up@my-shop-123456.iam.gserviceaccount.com" }
}

mock_resource "google_firebaserules_ruleset" {
  defaults = { name = "made-up" }
}

mock_resource "google_monitoring_notification_channel" {
  defaults = { id = "projects/my-shop-123456/notificationChannels/1" }
}
