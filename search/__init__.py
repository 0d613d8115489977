"""One search over every public page, in the reader's language first."""
