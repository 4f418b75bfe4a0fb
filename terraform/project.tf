# The project itself: its number, and the APIs that the rest calls.

data "google_project" "this" {
  project_id = var.project_id
}

locals {
  _apis = concat([
    "artifactregistry",
    "cloudbuild",
    "cloudfunctions",
    "cloudscheduler",
    "cloudtasks",
    "firebaserules",
    "firestore",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    "storage",
    ],
    var.domain.mode == "load_balancer" ? ["compute"] : [],
    var.budget == null ? [] : ["billingbudgets"],
  )

  # The project, once its APIs answer: whoever writes `project = local.project` waits for them.
  project = time_sleep.apis.triggers["project"]
}

resource "google_project_service" "api" {
  for_each = toset(local._apis)

  project = var.project_id
  service = "${each.key}.googleapis.com"

  # Others in the project may use it too, and what is kept at a destroy needs it.
  disable_on_destroy = false
}

# An API refuses calls for some seconds after it was switched on: one that joins later too, like the
# load balancer's, so the wait is made anew with the list. `project` stays known, and all the rest stands.
resource "time_sleep" "apis" {
  create_duration = "60s"

  triggers = {
    apis    = join(" ", sort(keys(google_project_service.api)))
    project = one(distinct([for api in google_project_service.api : api.project]))
  }
}
