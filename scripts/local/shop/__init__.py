"""The demo shop: one mug, one cart, Stripe's hosted page, and the tag on every page."""
