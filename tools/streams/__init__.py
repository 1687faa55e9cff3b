"""The committed speech and real streams, and the commands that make them again.

``python -m tools.streams.speech`` makes ``vectors/audio`` from Debian packages;
``python -m tools.streams.make`` makes ``spec/streams`` from it with the builds of libopus.

Speech, 16 kHz mono FLAC, by ``speech.read(name)``: ``librivox-1`` (7.1 s), ``librivox-2`` (5.3 s)
and ``librivox-3`` (3.0 s) are read by a man; ``espeak-1`` (English) and ``espeak-2`` (German,
another voice) are synthetic.
"""
