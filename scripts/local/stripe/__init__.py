"""Stripe's stand-in: the API calls this project makes, hosted Checkout, and signed webhooks."""

from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer, Outcome, Settlement
from scripts.local.stripe.deliveries import Endpoint, Plan
from scripts.local.stripe.stand_in import StripeStandIn

__all__ = ["Buyer", "Change", "Endpoint", "Outcome", "Plan", "Settlement", "StripeStandIn"]
