# The database: sessions, and the ledger that the promise rests on.

locals {
  # What is kept, and what is asked of it. `expires`: documents are deleted once `expires_at` is
  # past. `queried`: the fields of shared/adapters/firestore_*.py that a query filters or sorts by.
  # Every other field is left out of all indexes: an index costs a write each time, and one on
  # instants holds a collection down to 500 writes a second.
  collections = {
    aliases      = { expires = true, queried = { unpaid_at = "ASCENDING" } }
    cursors      = { expires = false, queried = {} }
    dead_letters = { expires = true, queried = { rejected_at = "ASCENDING" } }
    destinations = { expires = false, queried = {} }
    purchases = {
      expires = false
      queried = {
        "deliveries.meta.state" = "ASCENDING"
        owed_since              = "ASCENDING"
        relay_at                = "ASCENDING"
        session_id              = "ASCENDING"
        settled_at              = "ASCENDING"
      }
    }
    receipts = { expires = true, queried = {} }
    sessions = { expires = true, queried = {} }
  }

  # A destroy lets go of a protected database rather than failing half-way, and `kept_on_destroy`
  # names it. It keeps its indexes, and goes on deleting what expires: that is personal.
  _kept = var.firestore.delete_protection ? "ABANDON" : "DELETE"

  _queried = merge([
    for collection, kept in local.collections : {
      for field, order in kept.queried : "${collection}.${field}" => { collection = collection, field = field, order = order }
    }
  ]...)
}

resource "google_firestore_database" "this" {
  project     = local.project
  name        = var.firestore.database
  location_id = coalesce(var.firestore.location, var.region)
  type        = "FIRESTORE_NATIVE"

  point_in_time_recovery_enablement = var.firestore.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = var.firestore.delete_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = local._kept
}

resource "google_firestore_field" "unindexed" {
  for_each = local.collections

  project    = google_firestore_database.this.project
  database   = google_firestore_database.this.name
  collection = each.key
  field      = "*"

  deletion_policy = local._kept
  index_config {}
}

resource "google_firestore_field" "queried" {
  for_each = local._queried

  project    = google_firestore_database.this.project
  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.field

  deletion_policy = local._kept
  index_config {
    indexes {
      order       = each.value.order
      query_scope = "COLLECTION"
    }
  }
}

resource "google_firestore_field" "expires_at" {
  for_each = { for collection, kept in local.collections : collection => kept if kept.expires }

  project    = google_firestore_database.this.project
  database   = google_firestore_database.this.name
  collection = each.key
  field      = "expires_at"

  deletion_policy = local._kept
  ttl_config {}
  index_config {}
}

resource "google_firestore_backup_schedule" "daily" {
  project   = google_firestore_database.this.project
  database  = google_firestore_database.this.name
  retention = "${var.firestore.backups_kept_for_days * 86400}s"

  daily_recurrence {}
}

# The functions are let in by IAM; nobody else is, least of all a browser with a Firebase key.
resource "google_firebaserules_ruleset" "deny_all" {
  project = google_firestore_database.this.project

  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }
}

resource "google_firebaserules_release" "this" {
  project      = google_firebaserules_ruleset.deny_all.project
  name         = var.firestore.database == "(default)" ? "cloud.firestore" : "cloud.firestore/${var.firestore.database}"
  ruleset_name = google_firebaserules_ruleset.deny_all.name

  lifecycle {
    # A ruleset in use cannot be deleted.
    replace_triggered_by = [google_firebaserules_ruleset.deny_all]
  }
}

# Firestore's roles are given on a project; the condition narrows them to the one database.
resource "google_project_iam_member" "firestore" {
  for_each = module.function

  project = local.project
  role    = "roles/datastore.user"
  member  = each.value.member

  condition {
    title       = "${var.prefix}-database"
    description = "Only the database of Settled."
    expression  = "resource.name == \"projects/${var.project_id}/databases/${var.firestore.database}\""
  }
}
