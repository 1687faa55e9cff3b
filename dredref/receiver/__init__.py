"""A receiver: packets that arrive in time, and the best for those that do not."""
