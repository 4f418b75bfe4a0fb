"""A faithful stand-in for Cloud Tasks: the real gRPC interface, on a laptop and in tests."""

from scripts.local.cloud_tasks.stand_in import CloudTasks

__all__ = ["CloudTasks"]
