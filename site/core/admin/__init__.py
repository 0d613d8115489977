"""The staff's views of the foundation's records."""
