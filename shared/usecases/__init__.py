"""What Settled does: one verb a module. Takes ports, returns outcomes, knows no technology."""
