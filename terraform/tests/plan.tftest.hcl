# The real provider plans the whole, load balancer and budget included: its own checks of every value
# run, and what it can know before anything exists it says itself. It is never asked to make anything,
# so no credentials are needed; only what a plan reads of Google is made up.

provider "google" {
  project      = "my-shop-123456"
  region       = "europe-west1"
  access_token = "none"
}

override_data {
  target = data.google_project.this
  values = { number = "123456789012" }
}

override_data {
  target = data.google_cloud_run_v2_service.dispatch
  values = { urls = ["https://settled-dispatch-123456789012.europe-west1.run.app"] }
}

variables {
  project_id = "my-shop-123456"
  region     = "europe-west1"
  shop       = { origins = ["https://shop.example"] }
  meta       = { dataset_id = "1234567890" }
  alerts     = { emails = ["ops@shop.example"] }
  budget     = { amount = 50, billing_account = "012345-6789AB-CDEF01" }
  domain     = { mode = "load_balancer", host = "s.shop.example" }
}

run "the_real_provider_plans_everything" {
  command = plan

  assert {
    condition = { for name, function in module.function : name => function.member } == {
      collect        = "serviceAccount:settled-collect@my-shop-123456.iam.gserviceaccount.com"
      stripe_webhook = "serviceAccount:settled-stripe-webhook@my-shop-123456.iam.gserviceaccount.com"
      dispatch       = "serviceAccount:settled-dispatch@my-shop-123456.iam.gserviceaccount.com"
      reconcile      = "serviceAccount:settled-reconcile@my-shop-123456.iam.gserviceaccount.com"
    }
    error_message = "Each function runs as itself."
  }
  assert {
    condition     = module.function["collect"].function.service_config[0].environment_variables["TASKS_SERVICE_ACCOUNT"] == "settled-tasks@my-shop-123456.iam.gserviceaccount.com"
    error_message = "Settings are known at the plan, so that an apply shows what will change."
  }
  assert {
    condition     = alltrue([for function in module.function : can(regex("^${function.name}-[0-9a-f]{16}\\.zip$", function.function.build_config[0].source[0].storage_source[0].object))])
    error_message = "A zip is named by its content, and known at the plan: other functions are left alone."
  }
}
