"""The staff's views of events and registrations."""
