"""The addresses of learning that are not pages."""
