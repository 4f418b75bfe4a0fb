"""
Stripe's stand-in: the API calls this project makes, hosted Checkout, and signed webhooks.

StripeAccount plays every story in process; StripeStandIn serves one over HTTP.
"""

from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer, Outcome, Settlement
from scripts.local.stripe.deliveries import Endpoint, Plan
from scripts.local.stripe.disputes import Verdict
from scripts.local.stripe.faults import ApiFault
from scripts.local.stripe.ids import counted_ids
from scripts.local.stripe.sales import Sale
from scripts.local.stripe.stand_in import StripeStandIn
from scripts.local.stripe.stories import StripeAccount, subject_of
from scripts.local.stripe.thin import thin

__all__ = [
    "ApiFault",
    "Buyer",
    "Change",
    "Endpoint",
    "Outcome",
    "Plan",
    "Sale",
    "Settlement",
    "StripeAccount",
    "StripeStandIn",
    "Verdict",
    "counted_ids",
    "subject_of",
    "thin",
]
