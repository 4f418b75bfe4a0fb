"""What Settled decides. Standard library only: no clock, no environment, no I/O."""
