"""Addresses of what people do for their cities."""
