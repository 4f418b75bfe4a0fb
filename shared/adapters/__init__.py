"""One technology a module; no decisions. Only wiring.py imports from here."""
