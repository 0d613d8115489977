"""The only writers of the newsletter app: verbs, keyword-only, one transaction each."""
