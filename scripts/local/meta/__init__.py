"""Meta's stand-in: the Conversions API, the Pixel's receiver, and what Meta would count."""

from scripts.local.meta.access import Access
from scripts.local.meta.stand_in import MetaStandIn

__all__ = ["Access", "MetaStandIn"]
