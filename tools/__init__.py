"""What is not installed: builds of libopus to compare with, importers, drop-ins, benchmarks."""
