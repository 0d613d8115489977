"""Page types that only tests have, for what no page type of the site does yet."""
