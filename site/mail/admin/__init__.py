"""The staff's views of the outbox."""
