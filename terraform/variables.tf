variable "alerts" {
  description = "Who is told, by e-mail or through notification channels that exist (their full names), and from when on. Google has announced to charge for conditions on metrics: without `on_metrics` only the log is watched, and nobody is told of refused signatures, a silent Stripe, many errors, or a repair that stopped."
  type = object({
    bad_signatures       = optional(number, 5)
    channels             = optional(list(string), [])
    emails               = optional(list(string), [])
    error_ratio          = optional(number, 0.05)
    on_metrics           = optional(bool, true)
    owed_minutes         = optional(number, 15)
    silent_webhook_hours = optional(number, 12)
  })
  nullable = false

  validation {
    condition     = length(var.alerts.emails) + length(var.alerts.channels) > 0
    error_message = "alerts: write who is told, like { emails = [\"ops@shop.example\"] }; an alert that nobody reads is none."
  }
  validation {
    condition     = alltrue([for email in var.alerts.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "alerts.emails: write addresses like [\"ops@shop.example\"]."
  }
  validation {
    condition     = alltrue([for channel in var.alerts.channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "alerts.channels: write full names like \"projects/my-project/notificationChannels/123\" (gcloud beta monitoring channels list)."
  }
  validation {
    condition     = var.alerts.error_ratio > 0 && var.alerts.error_ratio < 1
    error_message = "alerts.error_ratio: write a share between 0 and 1, like 0.05 for one request in twenty."
  }
  validation {
    condition     = var.alerts.owed_minutes >= 5 && floor(var.alerts.owed_minutes) == var.alerts.owed_minutes
    error_message = "alerts.owed_minutes: write whole minutes, 5 or more; a purchase may wait a little for Meta to come back."
  }
  validation {
    condition     = contains(range(1, 73), var.alerts.silent_webhook_hours)
    error_message = "alerts.silent_webhook_hours: write whole hours, 1 to 72; longer than the longest night without a sale."
  }
  validation {
    condition     = var.alerts.bad_signatures >= 1
    error_message = "alerts.bad_signatures: write how many refused signatures in ten minutes are too many, 1 or more."
  }
}

variable "budget" {
  description = "A monthly amount, in the billing account's currency, of which e-mail is sent at 50, 90 and 100 %. Null: none. Whoever applies needs the role Billing Account Costs Manager."
  type = object({
    amount          = number
    billing_account = string
  })
  default = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account: write its id like \"012345-6789AB-CDEF01\" (gcloud billing accounts list)."
  }
  validation {
    condition     = var.budget == null || try(var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount, false)
    error_message = "budget.amount: write whole units of the billing account's currency, 1 or more."
  }
}

variable "consent" {
  description = "Whether telling Meta needs a visitor's recorded consent, and in which countries (empty: everywhere)."
  type = object({
    regions  = optional(list(string), [])
    required = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for country in var.consent.regions : can(regex("^[A-Z]{2}$", country))])
    error_message = "consent.regions: write ISO 3166 codes like [\"DE\", \"FR\"], or leave it empty for everywhere."
  }
  validation {
    # Nobody comes from there, so nobody would be asked.
    condition     = alltrue([for country in var.consent.regions : country != "EU" && country != "UK"])
    error_message = "consent.regions: EU and UK are no countries' codes; write each country by itself, like [\"DE\", \"FR\", \"GB\"]."
  }
}

variable "domain" {
  description = <<-EOT
    How browsers reach `collect`. `none`: its run.app address, for a trial, as browsers block its cookies on a shop's
    pages. `load_balancer`: `host`, a name of the shop's own, on a global load balancer with Cloud Armor. `shop_path`:
    `path` on the shop's own `host`, which the shop's CDN or web server forwards; `proxies` is how many of them stand
    between the browser and Google, and each must add to X-Forwarded-For. `requests_per_minute` is what one address may
    ask of the load balancer.
  EOT
  type = object({
    host                = optional(string)
    mode                = optional(string, "none")
    path                = optional(string, "/s")
    proxies             = optional(number, 1)
    requests_per_minute = optional(number, 600)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["none", "load_balancer", "shop_path"], var.domain.mode)
    error_message = "domain.mode: write none, load_balancer or shop_path."
  }
  validation {
    condition     = var.domain.mode == "none" || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain.host))
    error_message = "domain.host: write the name alone, like \"s.shop.example\"; no https:// and no path."
  }
  validation {
    condition     = can(regex("^(/[A-Za-z0-9_-]+)+$", var.domain.path))
    error_message = "domain.path: write a path like \"/s\", with a slash at its beginning and none at its end."
  }
  validation {
    condition     = contains([1, 2, 3], var.domain.proxies)
    error_message = "domain.proxies: write 1 to 3, the number of proxies between the browser and Google: 1 for Cloudflare alone, 2 for Cloudflare before nginx."
  }
  validation {
    condition     = var.domain.requests_per_minute >= 60 && var.domain.requests_per_minute <= 100000 && floor(var.domain.requests_per_minute) == var.domain.requests_per_minute
    error_message = "domain.requests_per_minute: write 60 to 100000; whole offices and mobile networks share one address."
  }
}

variable "firestore" {
  description = "Where sessions and ledger are kept. `location` defaults to the region and can never be changed. `delete_protection` keeps the database when everything else is destroyed."
  type = object({
    backups_kept_for_days  = optional(number, 14)
    database               = optional(string, "(default)")
    delete_protection      = optional(bool, true)
    location               = optional(string)
    point_in_time_recovery = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.firestore.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.firestore.database))
    error_message = "firestore.database: write \"(default)\", or 4 to 63 small letters, digits and hyphens, like \"settled\"."
  }
  validation {
    condition     = contains(range(1, 99), var.firestore.backups_kept_for_days)
    error_message = "firestore.backups_kept_for_days: write 1 to 98; Firestore keeps a backup for 14 weeks at most."
  }
}

variable "functions" {
  description = "What differs from the sizes in functions.tf, by function: collect, stripe_webhook, dispatch, reconcile."
  type = map(object({
    concurrency   = optional(number)
    cpu           = optional(number)
    max_instances = optional(number)
    memory        = optional(string)
    min_instances = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.functions) : contains(["collect", "stripe_webhook", "dispatch", "reconcile"], name)])
    error_message = "functions: the names are collect, stripe_webhook, dispatch and reconcile."
  }
  validation {
    condition     = alltrue([for size in values(var.functions) : try(contains([1, 2, 4, 8], size.cpu), size.cpu == null)])
    error_message = "functions.*.cpu: write 1, 2, 4 or 8; several requests at once need a whole CPU."
  }
  validation {
    condition     = alltrue([for size in values(var.functions) : size.memory == null || can(regex("^[0-9]+(Mi|Gi)$", size.memory))])
    error_message = "functions.*.memory: write an amount like \"512Mi\" or \"1Gi\"."
  }
  # Google says the next two only once everything is built. Left out is 1 CPU, and 512Mi.
  validation {
    condition     = alltrue([for size in values(var.functions) : !try(size.cpu >= 4, false) || try(tonumber(trimsuffix(size.memory, "Gi")) >= size.cpu / 2, tonumber(trimsuffix(size.memory, "Mi")) >= size.cpu * 512, false)])
    error_message = "functions.*.memory: Cloud Run takes 4 CPUs with 2Gi or more, and 8 with 4Gi or more; write memory beside cpu."
  }
  validation {
    condition     = alltrue([for size in values(var.functions) : try(tonumber(trimsuffix(size.memory, "Gi")) <= 4 * coalesce(size.cpu, 1), tonumber(trimsuffix(size.memory, "Mi")) <= 4096 * coalesce(size.cpu, 1), true)])
    error_message = "functions.*.memory: Cloud Run takes up to 4Gi a CPU; write cpu beside memory."
  }
  validation {
    condition     = alltrue([for size in values(var.functions) : try(contains(range(1, 1001), size.concurrency), size.concurrency == null)])
    error_message = "functions.*.concurrency: write 1 to 1000 requests at once."
  }
  validation {
    condition     = alltrue([for size in values(var.functions) : try(contains(range(1, 1001), size.max_instances), size.max_instances == null)])
    error_message = "functions.*.max_instances: write 1 to 1000; this bounds what a flood can cost."
  }
  validation {
    condition     = alltrue([for size in values(var.functions) : try(contains(range(0, 101), size.min_instances), size.min_instances == null)])
    error_message = "functions.*.min_instances: write 0 to 100; each one above 0 costs money day and night."
  }
}

variable "labels" {
  description = "Labels on everything that can carry them, beside `application`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels: keys and values are small letters, digits, _ and -, up to 63 of them; a key begins with a letter."
  }
}

variable "meta" {
  description = "Which of Meta's datasets (pixels) is told, in which version of the Graph API. With `test_event_code` everything is shown on Events Manager's test page, and Meta counts it all the same: take it out before real visitors come."
  type = object({
    api_version     = optional(string, "v26.0")
    dataset_id      = string
    test_event_code = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{1,30}$", var.meta.dataset_id))
    error_message = "meta.dataset_id: write the dataset's number, in quotes: { dataset_id = \"1234567890\" }."
  }
  validation {
    condition     = can(regex("^v[0-9]{1,3}\\.[0-9]{1,2}$", var.meta.api_version))
    error_message = "meta.api_version: write a version like \"v26.0\"."
  }
  validation {
    condition     = var.meta.test_event_code == null || can(regex("^[A-Za-z0-9]{1,30}$", var.meta.test_event_code))
    error_message = "meta.test_event_code: write the code that Events Manager shows, like \"TEST12345\", or leave it out."
  }
}

variable "policies" {
  description = "The shop's answers to the README's policy table."
  type = object({
    direct_payments = optional(bool, false)
    match_for       = optional(string, "15m")
    purchase_value  = optional(string, "total")
    refund_event    = optional(string, "none")
    renewal_event   = optional(string, "none")
    trial_event     = optional(string, "none")
    unmatched       = optional(string, "send")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{1,6}[smhd]?$", var.policies.match_for))
    error_message = "policies.match_for: write a number of seconds, or like \"15m\", \"2h\", \"1d\"; at most 6d."
  }
  validation {
    condition     = contains(["total", "net_of_tax_and_shipping"], var.policies.purchase_value)
    error_message = "policies.purchase_value: write total or net_of_tax_and_shipping."
  }
  validation {
    condition     = alltrue([for name in [var.policies.refund_event, var.policies.renewal_event, var.policies.trial_event] : can(regex("^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$", name))])
    error_message = "policies.refund_event, policies.renewal_event, policies.trial_event: write none, or the name of an event, like \"Subscribe\"."
  }
  validation {
    condition = !contains([
      "addpaymentinfo", "addtocart", "addtowishlist", "completeregistration", "contact", "customizeproduct", "donate", "findlocation", "initiatecheckout",
      "lead", "pageview", "purchase", "schedule", "search", "starttrial", "submitapplication", "subscribe", "viewcontent",
    ], lower(var.policies.refund_event))
    error_message = "policies.refund_event: write none, or a name that is none of Meta's standard events, like \"Refund\"."
  }
  validation {
    condition     = lower(var.policies.trial_event) != "purchase"
    error_message = "policies.trial_event: write none, StartTrial, or a name of your own; a trial is no Purchase."
  }
  validation {
    condition     = contains(["send", "withhold"], var.policies.unmatched)
    error_message = "policies.unmatched: write send or withhold."
  }
}

variable "prefix" {
  description = "The beginning of every name, so that two shops, or a trial and the real thing, fit in one project."
  type        = string
  default     = "settled"
  nullable    = false

  validation {
    # A service account's name has at most 30 characters, and "-stripe-webhook" takes 15.
    condition     = can(regex("^[a-z][a-z0-9-]{0,12}[a-z0-9]$", var.prefix))
    error_message = "prefix: write 2 to 14 small letters, digits and hyphens, beginning with a letter, like \"settled\"."
  }
}

variable "project_id" {
  description = "The Google Cloud project, by its id: not its name, not its number."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id: write the project's id like \"my-shop-123456\" (gcloud projects list)."
  }
}

variable "queues" {
  description = "`events_shards`, `purchases_shards`: one queue hands out 500 tasks a second at most; more need more queues. Fewer than before delete those left out, with the events that wait on them; purchases come back by the relay. `suffix`: Cloud Tasks keeps a deleted queue's name blocked for a week, so whoever destroys and applies again within it writes another one."
  type = object({
    events_shards    = optional(number, 1)
    purchases_shards = optional(number, 1)
    suffix           = optional(string, "")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for shards in [var.queues.events_shards, var.queues.purchases_shards] : contains(range(1, 21), shards)])
    error_message = "queues.events_shards, queues.purchases_shards: write whole numbers from 1 to 20."
  }
  validation {
    condition     = can(regex("^([a-z0-9]{1,8})?$", var.queues.suffix))
    error_message = "queues.suffix: write up to 8 small letters and digits, like \"b\", or leave it out."
  }
}

variable "region" {
  description = "Where functions, queues and, unless firestore.location says otherwise, the database are."
  type        = string
  default     = "europe-west1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region: write a region like \"europe-west1\", not a zone like \"europe-west1-b\"."
  }
}

variable "shedding" {
  description = "Which events are dropped first where a queue, or Meta's rate, is used up, and from how many events a second on an instance of collect drops them by itself (null: never)."
  type = object({
    events            = optional(list(string), ["PageView"])
    events_per_second = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in var.shedding.events : can(regex("^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$", name)) && name != "Purchase"])
    error_message = "shedding.events: write names of events like [\"PageView\", \"ViewContent\"], or [] for none; a Purchase is never dropped."
  }
  validation {
    condition     = try(var.shedding.events_per_second >= 1 && floor(var.shedding.events_per_second) == var.shedding.events_per_second, var.shedding.events_per_second == null)
    error_message = "shedding.events_per_second: write a whole number, 1 or more, or leave it out."
  }
}

variable "shop" {
  description = "The shop's pages: the origins whose events are taken, the cookie's domain (null: the registrable domain), and how many days after the last visit a session is kept."
  type = object({
    cookie_domain = optional(string)
    origins       = list(string)
    session_days  = optional(number, 90)
  })
  nullable = false

  validation {
    condition     = length(var.shop.origins) > 0 && alltrue([for origin in var.shop.origins : can(regex("^https://[^\\s/?#@]+$", origin))])
    error_message = "shop.origins: write origins like [\"https://shop.example\"]: https, and nothing after the host."
  }
  validation {
    condition     = alltrue([for origin in var.shop.origins : can(regex("//[A-Za-z0-9_][A-Za-z0-9._-]*(:[0-9]{1,5})?$", origin))])
    error_message = "shop.origins: write each host whole, as a browser sends it: no *, and an IDN as xn--."
  }
  validation {
    condition     = var.shop.cookie_domain == null || can(regex("^([a-z0-9-]+\\.)+[a-z0-9-]+$", var.shop.cookie_domain))
    error_message = "shop.cookie_domain: write a domain like \"shop.example\", or leave it out."
  }
  validation {
    condition     = contains(range(1, 401), var.shop.session_days)
    error_message = "shop.session_days: write a whole number from 1 to 400."
  }
}

variable "stripe" {
  description = "Whether live or test payments count, and one name for each webhook endpoint in Stripe's dashboard; two while one replaces the other."
  type = object({
    endpoints = optional(list(string), ["main"])
    livemode  = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([1, 2, 3], length(var.stripe.endpoints)) && length(distinct(var.stripe.endpoints)) == length(var.stripe.endpoints) && alltrue([for name in var.stripe.endpoints : can(regex("^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$", name))])
    error_message = "stripe.endpoints: write one to three different names of small letters, digits and hyphens, like [\"main\"] or [\"main\", \"next\"]."
  }
}
