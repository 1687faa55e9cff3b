"""Tools that make and test the vectors with the help of libopus."""
