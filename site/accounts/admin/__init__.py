"""How staff see people."""
