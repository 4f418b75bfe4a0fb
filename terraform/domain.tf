# How browsers and Stripe get here: run.app, a load balancer of our own, or a path on the shop's.

locals {
  # Entries of X-Forwarded-For that Google or the shop's proxies appended after the visitor's.
  # run.app appends the peer that it sees; the load balancer appends "visitor, balancer".
  trusted_proxy_hops = {
    none          = 0
    load_balancer = 1
    shop_path     = var.domain.proxies
  }[var.domain.mode]

  # Where the tag is told to find `collect`.
  collect_url = {
    none          = local.urls["collect"]
    load_balancer = "https://${coalesce(var.domain.host, "-")}"
    shop_path     = "https://${coalesce(var.domain.host, "-")}${var.domain.path}"
  }[var.domain.mode]

  # A proxy asks for Google's host name, from which collect could not tell the shop's.
  cookie_domain = (
    var.shop.cookie_domain == null && var.domain.mode == "shop_path" ? trimprefix(var.domain.host, "www.") : var.shop.cookie_domain
  )

  # Stripe's requests need no first-party address, only the load balancer closes the direct one.
  stripe_path = "/stripe"
  stripe_webhook_url = (
    var.domain.mode == "load_balancer" ? "${local.collect_url}${local.stripe_path}" : local.urls["stripe_webhook"]
  )

  # One of each where there is a load balancer, else none.
  _load_balancer = toset(var.domain.mode == "load_balancer" ? ["this"] : [])
  _backends      = toset(var.domain.mode == "load_balancer" ? ["collect", "stripe_webhook"] : [])
}

resource "google_compute_global_address" "this" {
  for_each = local._load_balancer

  project = local.project
  name    = "${var.prefix}-address"
}

resource "google_compute_region_network_endpoint_group" "function" {
  for_each = local._backends

  project               = local.project
  region                = var.region
  name                  = module.function[each.key].name
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = module.function[each.key].name
  }
}

resource "google_compute_backend_service" "function" {
  for_each = local._backends

  project               = local.project
  name                  = module.function[each.key].name
  load_balancing_scheme = "EXTERNAL_MANAGED"
  # Stripe sends from many addresses and in bursts, and its signature is the control.
  security_policy = each.key == "collect" ? google_compute_security_policy.collect["this"].id : null

  backend {
    group = google_compute_region_network_endpoint_group.function[each.key].id
  }

  # A line a request would keep every visitor's address; the functions' own lines hold none.
  log_config {
    enable = false
  }
}

resource "google_compute_security_policy" "collect" {
  #checkov:skip=CKV_GCP_73:The functions are Python; no Log4j is there to be attacked.
  for_each = local._load_balancer

  project     = local.project
  name        = "${var.prefix}-collect"
  description = "What reaches collect: small requests, and not too many from one address."

  rule {
    action      = "deny(413)"
    priority    = 1000
    description = "collect takes 64 KiB at most; what is larger costs no function's time."

    match {
      expr {
        expression = "has(request.headers['content-length']) && int(request.headers['content-length']) > 65536"
      }
    }
  }

  rule {
    action      = "deny(403)"
    priority    = 1100
    description = "collect answers these methods only."

    match {
      expr {
        expression = "!request.method.matches('^(GET|HEAD|POST|OPTIONS)$')"
      }
    }
  }

  rule {
    action      = "throttle"
    priority    = 2000
    description = "Per address; the tag keeps what is refused with 429 and tries again."

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.domain.requests_per_minute
        interval_sec = 60
      }
    }
  }

  # Every policy ends with a rule of this priority; what comes so far was let through above.
  rule {
    action      = "allow"
    priority    = 2147483647
    description = "The rest."

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_url_map" "https" {
  for_each = local._load_balancer

  project         = local.project
  name            = "${var.prefix}-https"
  default_service = google_compute_backend_service.function["collect"].id

  host_rule {
    hosts        = [var.domain.host]
    path_matcher = "functions"
  }

  path_matcher {
    name            = "functions"
    default_service = google_compute_backend_service.function["collect"].id

    path_rule {
      paths   = [local.stripe_path]
      service = google_compute_backend_service.function["stripe_webhook"].id
    }
  }
}

resource "google_compute_url_map" "http" {
  for_each = local._load_balancer

  project = local.project
  name    = "${var.prefix}-http"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

# Google issues it once the name leads to the address; that takes up to an hour, or a day at worst.
resource "google_compute_managed_ssl_certificate" "this" {
  for_each = local._load_balancer

  project = local.project
  # A certificate cannot change, so another host is another certificate.
  name = "${var.prefix}-${substr(sha256(coalesce(var.domain.host, "-")), 0, 8)}"

  managed {
    domains = [var.domain.host]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "this" {
  for_each = local._load_balancer

  project         = local.project
  name            = "${var.prefix}-tls"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "this" {
  for_each = local._load_balancer

  project          = local.project
  name             = "${var.prefix}-https"
  url_map          = google_compute_url_map.https["this"].id
  ssl_certificates = [google_compute_managed_ssl_certificate.this["this"].id]
  ssl_policy       = google_compute_ssl_policy.this["this"].id
}

resource "google_compute_target_http_proxy" "this" {
  for_each = local._load_balancer

  project = local.project
  name    = "${var.prefix}-http"
  url_map = google_compute_url_map.http["this"].id
}

resource "google_compute_global_forwarding_rule" "this" {
  for_each = var.domain.mode == "load_balancer" ? {
    https = { port = "443", target = google_compute_target_https_proxy.this["this"].id }
    http  = { port = "80", target = google_compute_target_http_proxy.this["this"].id }
  } : {}

  project               = local.project
  name                  = "${var.prefix}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this["this"].id
  port_range            = each.value.port
  target                = each.value.target
}
