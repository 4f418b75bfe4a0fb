# Where the zips lie, and where the images built from them.

locals {
  # Made and named by Cloud Functions; it stays after a destroy.
  google_sources_bucket = "gcf-v2-sources-${data.google_project.this.number}-${var.region}"
}

resource "google_storage_bucket" "sources" {
  #checkov:skip=CKV_GCP_62:It holds zips of public code, which Terraform writes and the build reads; Cloud Audit Logs name who else does.
  project  = local.project
  name     = "${var.project_id}-${var.prefix}-sources"
  location = var.region

  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  # Nothing but zips, which Terraform builds again.
  force_destroy = true

  versioning {
    enabled = true
  }

  # A zip of a former deployment is of use for going back; a month later for nothing.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }
}

# Functions would make a repository of their own, shared with others and left behind at a destroy.
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:The images hold public code and no data; Google's own keys encrypt them.
  project       = local.project
  location      = var.region
  repository_id = "${var.prefix}-functions"
  description   = "Images of Settled's functions, built from their zips."
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"

    # What runs, and what ran before it. Half a gigabyte is free.
    most_recent_versions {
      keep_count = 2
    }
  }

  cleanup_policies {
    id     = "delete-after-a-day"
    action = "DELETE"

    condition {
      older_than = "86400s"
    }
  }
}
