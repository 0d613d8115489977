"""The real services that tests run against: PostgreSQL, Valkey, a mail server, workers and a browser."""
