"""The operator's command `settled`: it reads a deployment's ledger, and acts on dead letters."""
