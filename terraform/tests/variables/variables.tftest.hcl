# Each validation of variables.tf refuses what it should. variables.tf alone is enough to run this:
# tests/terraform lays both into a folder of their own, where no provider is needed.

variables {
  project_id = "my-shop-123456"
  region     = "europe-west1"
  shop       = { origins = ["https://shop.example"] }
  meta       = { dataset_id = "1234567890" }
  alerts     = { emails = ["ops@shop.example"] }
}

run "five_lines_are_enough" {
  command = plan
}

run "everything_can_be_said" {
  command = plan

  variables {
    alerts = {
      bad_signatures = 1, channels = ["projects/my-shop-123456/notificationChannels/1"], error_ratio = 0.5, owed_minutes = 5, silent_webhook_hours = 72
    }
    budget    = { amount = 1, billing_account = "012345-6789AB-CDEF01" }
    consent   = { regions = ["DE", "FR"], required = false }
    domain    = { mode = "load_balancer", host = "s.shop.example", path = "/a/b", proxies = 3, requests_per_minute = 60 }
    firestore = { backups_kept_for_days = 98, database = "settled", delete_protection = false, location = "eur3" }
    functions = { collect = { concurrency = 1000, cpu = 8, max_instances = 1000, memory = "4Gi", min_instances = 1 } }
    labels    = { team = "shop" }
    meta      = { api_version = "v27.0", dataset_id = "1234567890", test_event_code = "TEST12345" }
    policies = {
      direct_payments = true, match_for = "1h", purchase_value = "net_of_tax_and_shipping", refund_event = "Refund", renewal_event = "Subscribe", trial_event = "StartTrial", unmatched = "withhold"
    }
    prefix   = "settled-test-1"
    shedding = { events = [], events_per_second = 100 }
    queues   = { events_shards = 20, purchases_shards = 2, suffix = "b" }
    shop     = { cookie_domain = "shop.example", origins = ["https://shop.example", "https://www.shop.example"], session_days = 400 }
    stripe   = { endpoints = ["main", "next"], livemode = false }
  }
}

run "somebody_is_told" {
  command = plan

  variables {
    alerts = {}
  }

  expect_failures = [var.alerts]
}

run "an_alert_goes_to_an_address" {
  command = plan

  variables {
    alerts = { emails = ["ops"] }
  }

  expect_failures = [var.alerts]
}

run "a_channel_is_named_in_full" {
  command = plan

  variables {
    alerts = { channels = ["123"] }
  }

  expect_failures = [var.alerts]
}

run "an_error_ratio_is_a_share" {
  command = plan

  variables {
    alerts = { emails = ["ops@shop.example"], error_ratio = 5 }
  }

  expect_failures = [var.alerts]
}

run "a_purchase_may_be_owed_for_five_minutes" {
  command = plan

  variables {
    alerts = { emails = ["ops@shop.example"], owed_minutes = 4 }
  }

  expect_failures = [var.alerts]
}

run "a_silence_lasts_three_days_at_most" {
  command = plan

  variables {
    alerts = { emails = ["ops@shop.example"], silent_webhook_hours = 73 }
  }

  expect_failures = [var.alerts]
}

run "some_signature_may_be_refused" {
  command = plan

  variables {
    alerts = { emails = ["ops@shop.example"], bad_signatures = 0 }
  }

  expect_failures = [var.alerts]
}

run "a_billing_account_is_named_by_its_id" {
  command = plan

  variables {
    budget = { amount = 50, billing_account = "My Billing Account" }
  }

  expect_failures = [var.budget]
}

run "a_budget_is_in_whole_units" {
  command = plan

  variables {
    budget = { amount = 0.5, billing_account = "012345-6789AB-CDEF01" }
  }

  expect_failures = [var.budget]
}

run "a_consent_region_is_a_country_code" {
  command = plan

  variables {
    consent = { regions = ["EU-27"] }
  }

  expect_failures = [var.consent]
}

run "the_european_union_is_no_country" {
  command = plan

  variables {
    consent = { regions = ["DE", "EU"] }
  }

  expect_failures = [var.consent]
}

run "an_origin_is_one_host" {
  command = plan

  variables {
    shop = { origins = ["https://*.shop.example"] }
  }

  expect_failures = [var.shop]
}

run "there_are_three_ways_to_a_domain" {
  command = plan

  variables {
    domain = { mode = "cdn", host = "s.shop.example" }
  }

  expect_failures = [var.domain]
}

run "a_domain_has_a_host_unless_it_is_none" {
  command = plan

  variables {
    domain = { mode = "load_balancer" }
  }

  expect_failures = [var.domain]
}

run "a_path_begins_with_a_slash" {
  command = plan

  variables {
    domain = { mode = "shop_path", host = "shop.example", path = "s/" }
  }

  expect_failures = [var.domain]
}

run "there_are_up_to_three_proxies" {
  command = plan

  variables {
    domain = { mode = "shop_path", host = "shop.example", proxies = 0 }
  }

  expect_failures = [var.domain]
}

run "a_visitor_may_ask_once_a_second" {
  command = plan

  variables {
    domain = { mode = "load_balancer", host = "s.shop.example", requests_per_minute = 59 }
  }

  expect_failures = [var.domain]
}

run "a_database_has_a_name_that_firestore_takes" {
  command = plan

  variables {
    firestore = { database = "Settled" }
  }

  expect_failures = [var.firestore]
}

run "a_backup_is_kept_for_14_weeks_at_most" {
  command = plan

  variables {
    firestore = { backups_kept_for_days = 99 }
  }

  expect_failures = [var.firestore]
}

run "there_are_four_functions" {
  command = plan

  variables {
    functions = { webhook = { cpu = 1 } }
  }

  expect_failures = [var.functions]
}

run "a_function_has_whole_cpus" {
  command = plan

  variables {
    functions = { collect = { cpu = 0.5 } }
  }

  expect_failures = [var.functions]
}

run "memory_has_a_unit" {
  command = plan

  variables {
    functions = { collect = { memory = "512" } }
  }

  expect_failures = [var.functions]
}

run "four_cpus_are_not_content_with_the_usual_memory" {
  command = plan

  variables {
    functions = { collect = { cpu = 4 } }
  }

  expect_failures = [var.functions]
}

run "one_cpu_takes_four_gibibytes_at_most" {
  command = plan

  variables {
    functions = { collect = { memory = "5Gi" } }
  }

  expect_failures = [var.functions]
}

run "an_instance_serves_a_thousand_at_once_at_most" {
  command = plan

  variables {
    functions = { collect = { concurrency = 1001 } }
  }

  expect_failures = [var.functions]
}

run "instances_have_a_bound" {
  command = plan

  variables {
    functions = { collect = { max_instances = 0 } }
  }

  expect_failures = [var.functions]
}

run "instances_kept_warm_are_not_negative" {
  command = plan

  variables {
    functions = { collect = { min_instances = -1 } }
  }

  expect_failures = [var.functions]
}

run "a_label_is_in_small_letters" {
  command = plan

  variables {
    labels = { Team = "shop" }
  }

  expect_failures = [var.labels]
}

run "a_dataset_is_a_number" {
  command = plan

  variables {
    meta = { dataset_id = "pixel" }
  }

  expect_failures = [var.meta]
}

run "an_api_version_has_two_parts" {
  command = plan

  variables {
    meta = { dataset_id = "1234567890", api_version = "26" }
  }

  expect_failures = [var.meta]
}

run "a_test_code_is_letters_and_digits" {
  command = plan

  variables {
    meta = { dataset_id = "1234567890", test_event_code = "TEST 1" }
  }

  expect_failures = [var.meta]
}

run "a_wait_has_a_unit_that_is_known" {
  command = plan

  variables {
    policies = { match_for = "15 minutes" }
  }

  expect_failures = [var.policies]
}

run "a_value_is_total_or_net" {
  command = plan

  variables {
    policies = { purchase_value = "gross" }
  }

  expect_failures = [var.policies]
}

run "an_event_has_a_name_that_meta_takes" {
  command = plan

  variables {
    policies = { renewal_event = "Re:new" }
  }

  expect_failures = [var.policies]
}

run "a_refund_is_no_standard_event" {
  command = plan

  variables {
    policies = { refund_event = "Purchase" }
  }

  expect_failures = [var.policies]
}

run "a_trial_is_no_purchase" {
  command = plan

  variables {
    policies = { trial_event = "Purchase" }
  }

  expect_failures = [var.policies]
}

run "the_unmatched_are_sent_or_withheld" {
  command = plan

  variables {
    policies = { unmatched = "guess" }
  }

  expect_failures = [var.policies]
}

run "a_prefix_is_short" {
  command = plan

  variables {
    prefix = "settled-for-my-shop"
  }

  expect_failures = [var.prefix]
}

run "a_project_is_named_by_its_id" {
  command = plan

  variables {
    project_id = "My Shop"
  }

  expect_failures = [var.project_id]
}

run "there_is_at_least_one_queue_of_each_kind" {
  command = plan

  variables {
    queues = { events_shards = 0 }
  }

  expect_failures = [var.queues]
}

run "a_suffix_is_short" {
  command = plan

  variables {
    queues = { suffix = "-second" }
  }

  expect_failures = [var.queues]
}

run "a_region_is_no_zone" {
  command = plan

  variables {
    region = "europe-west1-b"
  }

  expect_failures = [var.region]
}

run "what_is_shed_is_an_event" {
  command = plan

  variables {
    shedding = { events = ["Page/View"] }
  }

  expect_failures = [var.shedding]
}

run "an_event_budget_is_a_whole_number" {
  command = plan

  variables {
    shedding = { events_per_second = 0.5 }
  }

  expect_failures = [var.shedding]
}

run "an_origin_is_https_and_nothing_more" {
  command = plan

  variables {
    shop = { origins = ["https://shop.example/"] }
  }

  expect_failures = [var.shop]
}

run "a_cookie_domain_is_a_domain" {
  command = plan

  variables {
    shop = { origins = ["https://shop.example"], cookie_domain = "https://shop.example" }
  }

  expect_failures = [var.shop]
}

run "a_session_is_kept_for_whole_days" {
  command = plan

  variables {
    shop = { origins = ["https://shop.example"], session_days = 0.5 }
  }

  expect_failures = [var.shop]
}

run "endpoints_have_different_names" {
  command = plan

  variables {
    stripe = { endpoints = ["main", "main"] }
  }

  expect_failures = [var.stripe]
}
