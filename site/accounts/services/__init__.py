"""The only writers of people and consents."""
