"""The operator's command `settled`: it reads a deployment's ledger and changes nothing."""
