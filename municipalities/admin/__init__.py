"""The staff's views of local governments."""
