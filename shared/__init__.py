"""Everything that the four functions share; each deployed zip carries a copy."""
