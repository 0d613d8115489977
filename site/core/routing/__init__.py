"""Finding a page by its path in one or two statements."""
