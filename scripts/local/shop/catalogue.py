"""What the shop sells: one mug."""

from typing import Final

NAME: Final = "Stoneware mug"
SKU: Final = "mug-blue"
CURRENCY: Final = "eur"
UNIT_AMOUNT: Final = 2450  # Minor units: cents.


def price_of(quantity: int) -> str:
    """Say the price as a customer reads it."""
    return f"€{quantity * UNIT_AMOUNT / 100:.2f}"
