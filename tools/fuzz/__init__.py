"""Fuzzing every reader: drawn and damaged inputs, for as long as asked.

``python -m tools.fuzz --minutes 10`` gives each target its share of the processor time and prints
how many inputs each one took. An input that ends otherwise than as promised is kept as a file,
shrunk to what still shows it.
"""
