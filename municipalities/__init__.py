"""Local governments: who they are, where they are and what they have pledged."""
