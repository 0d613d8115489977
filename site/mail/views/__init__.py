"""The doors that providers call."""
