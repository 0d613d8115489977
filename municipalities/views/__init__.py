"""What people see of representing a city."""
