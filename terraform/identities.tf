# Who calls and who builds. Each function's own identity is in modules/function; what it may do
# stands beside what it does it to: firestore.tf, queues.tf, secrets.tf.

# In whose name Cloud Tasks calls `dispatch`.
resource "google_service_account" "tasks" {
  project      = local.project
  account_id   = "${var.prefix}-tasks"
  display_name = "Settled: Cloud Tasks calls dispatch"
}

# In whose name Cloud Scheduler calls `reconcile`.
resource "google_service_account" "scheduler" {
  project      = local.project
  account_id   = "${var.prefix}-scheduler"
  display_name = "Settled: Cloud Scheduler calls reconcile"
}

# Without an account of our own, functions are built by the Compute Engine default account, which
# in new organisations may do nothing, and in old ones nearly everything.
resource "google_service_account" "build" {
  project      = local.project
  account_id   = "${var.prefix}-build"
  display_name = "Settled: Cloud Build builds the functions"
}

resource "google_project_iam_member" "build_logs" {
  project = local.project
  role    = "roles/logging.logWriter"
  member  = "serviceAccount:${google_service_account.build.email}"
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = google_artifact_registry_repository.images.project
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = "serviceAccount:${google_service_account.build.email}"
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.sources.name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.build.email}"
}

# Cloud Functions copies each zip into a bucket that it makes itself at the first deploy, and the
# build reads it there. No grant can be given on a bucket that does not exist yet.
resource "google_project_iam_member" "build_copies" {
  project = local.project
  role    = "roles/storage.objectViewer"
  member  = "serviceAccount:${google_service_account.build.email}"

  condition {
    title       = "${var.prefix}-function-sources"
    description = "Only the bucket in which Cloud Functions keeps what it builds."
    expression  = "resource.name.startsWith(\"projects/_/buckets/${local.google_sources_bucket}\")"
  }
}

# Grants take a minute or two to be known everywhere; a build that starts before fails.
resource "time_sleep" "build_grants" {
  create_duration = "120s"

  triggers = {
    service_account = google_service_account.build.id
    granted = join(" ", [
      google_project_iam_member.build_logs.id,
      google_project_iam_member.build_copies.id,
      google_artifact_registry_repository_iam_member.build.id,
      google_storage_bucket_iam_member.build.id,
    ])
  }
}
