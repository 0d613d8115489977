"""The newsletter: who reads it, its issues and their archive, and the campaigns that send them."""
