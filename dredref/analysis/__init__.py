"""Feature analysis: 16 kHz samples to the 20 numbers that DRED carries every 10 ms, in integers."""
