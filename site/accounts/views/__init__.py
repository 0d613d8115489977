"""Pages about a person's own account, and doors that lead to them."""
