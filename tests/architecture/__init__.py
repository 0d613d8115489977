"""Tests that the shape of the house holds."""
