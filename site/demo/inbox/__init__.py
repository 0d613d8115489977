"""The mails that the demo's catcher kept, for people to read in the browser."""
