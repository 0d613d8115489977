"""Addresses of learning that are not pages."""
