"""The staff's views of learning."""
