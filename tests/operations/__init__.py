"""Tests of what operators do: back up, restore, deploy."""
