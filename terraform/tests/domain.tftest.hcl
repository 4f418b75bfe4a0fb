# The ways to a first-party address; system.tftest.hcl has none of them, which is run.app.

mock_provider "google" {
  source = "./tests/mocks"
}
mock_provider "time" {}
mock_provider "archive" {
  mock_data "archive_file" {
    defaults = { output_sha256 = "0123456789abcdef0123456789abcdef" }
  }
}

variables {
  project_id = "my-shop-123456"
  region     = "europe-west1"
  shop       = { origins = ["https://shop.example"] }
  meta       = { dataset_id = "1234567890" }
  alerts     = { emails = ["ops@shop.example"] }
}

run "load_balancer" {
  variables {
    domain = { mode = "load_balancer", host = "s.shop.example", requests_per_minute = 300 }
  }

  assert {
    condition = { for name, function in module.function : name => function.function.service_config[0].ingress_settings } == {
      collect        = "ALLOW_INTERNAL_AND_GCLB"
      stripe_webhook = "ALLOW_INTERNAL_AND_GCLB"
      dispatch       = "ALLOW_INTERNAL_ONLY"
      reconcile      = "ALLOW_INTERNAL_ONLY"
    }
    error_message = "Nobody walks around Cloud Armor by the run.app address."
  }
  assert {
    condition     = module.function["collect"].function.service_config[0].environment_variables["TRUSTED_PROXY_HOPS"] == "1"
    error_message = "The load balancer appends the visitor's address and its own."
  }
  assert {
    condition     = !contains(keys(module.function["collect"].function.service_config[0].environment_variables), "COOKIE_DOMAIN")
    error_message = "The load balancer passes the host name on, from which collect tells the domain."
  }
  assert {
    condition     = output.collect_url == "https://s.shop.example" && output.stripe_webhook_url == "https://s.shop.example/stripe" && strcontains(output.tag_snippet, "<script async src=\"https://s.shop.example/tag.js\" data-dataset=\"1234567890\"></script>")
    error_message = "Tag and webhook use the shop's own name."
  }
  assert {
    condition     = output.collect_host == null
    error_message = "Nobody is led to an address that is closed."
  }
  assert {
    condition     = contains(split(" ", time_sleep.apis.triggers["apis"]), "compute")
    error_message = "An API that joins later is waited for as the first ones were."
  }
  assert {
    condition     = startswith(output.dns_record, "s.shop.example. A ")
    error_message = "The record to add is told."
  }
  assert {
    condition     = google_compute_backend_service.function["collect"].security_policy == google_compute_security_policy.collect["this"].id && google_compute_backend_service.function["stripe_webhook"].security_policy == null
    error_message = "Cloud Armor stands before collect, and not before Stripe's path."
  }
  assert {
    condition     = google_compute_url_map.https["this"].path_matcher[0].default_service == google_compute_backend_service.function["collect"].id && one(google_compute_url_map.https["this"].path_matcher[0].path_rule).service == google_compute_backend_service.function["stripe_webhook"].id && one(google_compute_url_map.https["this"].path_matcher[0].path_rule).paths == toset(["/stripe"])
    error_message = "One path is Stripe's; the rest is collect's."
  }
  assert {
    condition     = [for group in google_compute_region_network_endpoint_group.function : "${group.network_endpoint_type} ${group.cloud_run[0].service}"] == ["SERVERLESS settled-collect", "SERVERLESS settled-stripe-webhook"]
    error_message = "The load balancer leads to the two public functions and no other."
  }
  assert {
    condition = {
      for rule in google_compute_security_policy.collect["this"].rule : tostring(rule.priority) => rule.action
    } == { "1000" = "deny(413)", "1100" = "deny(403)", "2000" = "throttle", "2147483647" = "allow" }
    error_message = "Too big, a strange method, too many, the rest."
  }
  assert {
    condition     = [for rule in google_compute_security_policy.collect["this"].rule : [rule.rate_limit_options[0].rate_limit_threshold[0].count, rule.rate_limit_options[0].enforce_on_key, rule.rate_limit_options[0].exceed_action] if rule.action == "throttle"] == [[300, "IP", "deny(429)"]]
    error_message = "As many requests a minute and address as the variable says."
  }
  assert {
    condition     = strcontains([for rule in google_compute_security_policy.collect["this"].rule : rule.match[0].expr[0].expression if rule.priority == 1000][0], "> 65536")
    error_message = "collect itself takes 64 KiB."
  }
  assert {
    condition     = google_compute_managed_ssl_certificate.this["this"].managed[0].domains == tolist(["s.shop.example"]) && google_compute_ssl_policy.this["this"].min_tls_version == "TLS_1_2"
    error_message = "A certificate of Google's for the host, and no old TLS."
  }
  assert {
    condition     = { for name, rule in google_compute_global_forwarding_rule.this : name => "${rule.port_range} ${rule.load_balancing_scheme}" } == { http = "80 EXTERNAL_MANAGED", https = "443 EXTERNAL_MANAGED" }
    error_message = "Both ports, with the scheme written out."
  }
  assert {
    condition     = google_compute_url_map.http["this"].default_url_redirect[0].https_redirect && google_compute_target_http_proxy.this["this"].url_map == google_compute_url_map.http["this"].id
    error_message = "HTTP leads to HTTPS."
  }
}

# dispatch is there by now, and as it is to be; so its addresses are asked for at the plan.
run "an_address_that_cloud_run_does_not_have_stops_terraform" {
  command = plan

  variables {
    domain = { mode = "load_balancer", host = "s.shop.example", requests_per_minute = 300 }
  }

  override_data {
    target = data.google_cloud_run_v2_service.dispatch
    values = { urls = ["https://settled-dispatch-abc-ew.a.run.app"] }
  }

  expect_failures = [data.google_cloud_run_v2_service.dispatch]
}

run "shop_path" {
  command = plan

  variables {
    domain = { mode = "shop_path", host = "www.shop.example", path = "/s", proxies = 2 }
  }

  assert {
    condition     = module.function["collect"].function.service_config[0].environment_variables["COOKIE_DOMAIN"] == "shop.example"
    error_message = "Cookies are the shop's, though the proxy asks for Google's host name."
  }
  assert {
    condition     = output.collect_url == "https://www.shop.example/s" && strcontains(output.tag_snippet, "https://www.shop.example/s/tag.js")
    error_message = "The tag comes from the shop's own domain."
  }
  assert {
    condition     = output.collect_host == "settled-collect-123456789012.europe-west1.run.app"
    error_message = "The shop's proxy is told where to pass requests on to."
  }
  assert {
    condition     = output.stripe_webhook_url == "https://settled-stripe-webhook-123456789012.europe-west1.run.app"
    error_message = "Stripe comes straight to the function."
  }
  assert {
    condition     = module.function["collect"].function.service_config[0].environment_variables["TRUSTED_PROXY_HOPS"] == "2"
    error_message = "Each proxy adds one entry after the visitor's."
  }
  assert {
    condition     = module.function["collect"].function.service_config[0].ingress_settings == "ALLOW_ALL"
    error_message = "The shop's proxy comes from outside."
  }
  assert {
    condition     = length(google_compute_global_forwarding_rule.this) + length(google_compute_security_policy.collect) + length(google_compute_backend_service.function) == 0 && output.dns_record == null
    error_message = "No load balancer, and nothing to pay for one."
  }
}

run "none" {
  command = plan

  assert {
    condition     = output.collect_url == "https://settled-collect-123456789012.europe-west1.run.app" && module.function["collect"].function.service_config[0].environment_variables["TRUSTED_PROXY_HOPS"] == "0"
    error_message = "run.app, where the last entry of X-Forwarded-For is the visitor."
  }
  assert {
    condition     = !contains(keys(google_project_service.api), "compute") && length(google_compute_global_address.this) == 0
    error_message = "No load balancer, and its API stays off."
  }
}
