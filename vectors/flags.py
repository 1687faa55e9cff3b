"""What the flags of vectors mean: which fault each stands for, and what comes of it.

A flag is written once, here; every file repeats the notes of the flags that it uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "FramePastEnd": (
            "libopus 1.5.2 accepts a frame number past the end of the packet and delivers an "
            "extension that belongs to no frame; 1.6 ends the area with an error."
        ),
        "MalformedArea": (
            "libopus 1.5.2 takes a packet whose extension area breaks before any DRED for one "
            "without DRED and returns 0; 1.6 returns an error."
        ),
        "Repeat": (
            "libopus 1.5.2 does not know 'repeat these extensions' and takes id 2 for a short "
            "extension: what follows is read as something else, repeated DRED is not found."
        ),
        "RepeatUnlaced": (
            "A repeat with L = 0 gives the last long extension of the last frame no length; it "
            "ends where the short payloads begin that must still follow it. Taking it for laced, "
            "or to the end of the area, gives other payloads."
        ),
        "RepeatRest": (
            "A repeat with L = 0 moves on by one frame, and in the last frame all that follows is "
            "padding. Reading on gives extensions that nobody wrote."
        ),
        "FrameOrder": (
            "Repeated extensions come before later extensions of the frame that they are repeated "
            "from: an area delivers extensions out of frame order."
        ),
        "SeparatorZero": (
            "A separator with an increment of 0 does nothing; it neither starts a frame nor ends "
            "what a repeat repeats."
        ),
        "WrongVersion": (
            "DRED of another experiment version has other tables and networks: reading it gives "
            "noise. It must be passed over, and DRED behind it found."
        ),
        "FirstWins": (
            "Of several DRED extensions the first in the order of the wire with the right prefix "
            "and more than two bytes counts."
        ),
        "FramePosition": (
            "The offset counts from the packet's start: the position of the frame that carries "
            "DRED is added to it. Leaving it out moves the speech by that much."
        ),
        "SevenBits": (
            "A chunk is present while more than 7 bits are left. A decoder that stops a bit "
            "earlier or later loses the oldest chunk or makes one up."
        ),
        "PastTheEnd": (
            "Behind the end of a payload zeros are read. A decoder that stops, wraps or reads "
            "memory there gives other values."
        ),
        "Escapes": (
            "Magnitudes above 7 are coded in steps of 7, of any number. A decoder that stops "
            "after the first step, or keeps the value in 8 bits, gives other values."
        ),
        "NegativeOffset": (
            "dred_offset may be negative: silence was left out at the newest end. Read without "
            "its sign it moves the speech into the future."
        ),
        "NoQmax": (
            "With q0 of 14 or 15, or dQ = 0, no highest level is coded; reading one shifts every "
            "symbol that follows."
        ),
        "ManyChunks": (
            "Payloads may hold more chunks than a decoder has room for; those past 1.04 s are "
            "left unread."
        ),
        "UnseenChunk": (
            "An encoder that ends with a chunk of few bits has written one that no decoder sees."
        ),
        "ChunksByDuration": (
            "libopus up to 1.6.1 decodes by the samples asked for alone; later ones by what they "
            "reach back to, offset included, rounded up to chunks. The older count is too small "
            "where the newest chunk lies in the packet, and too large where silence was left out. "
            "The later count is taken for right: who asks for a span wants what fills it. At "
            "48 kHz, 960 samples at offset 16 are 2 chunks then and 1 before; 960 at -40 none and "
            "1; 1920 at 0 are 1 and 2."
        ),
        "AlignmentAfterSilence": (
            "libopus up to at least June 2026 starts the first packet after silence at an older "
            "latent without saying so in its offset: its speech comes out late."
        ),
        "StereoAdvance": (
            "libopus up to 1.6.1 advances by half with stereo input in SILK packets of 40 and "
            "60 ms: speech is told twice or not at all. Fixed by June 2026."
        ),
        "PacketCap": (
            "libopus 1.5.2 caps a packet of several frames at 1276 bytes: at a constant bit rate "
            "above 85 kb/s its packets of 120 ms are smaller than the bit rate asks for."
        ),
        "ClippedInput": (
            "libopus up to 1.6.1 multiplies input of 8, 12 and 24 kHz by 2, 4 and 2 before it "
            "filters it down to 16 kHz, and clips it to 16 bits there: the redundancy of speech "
            "above a half or a quarter of full scale is distorted. Fixed by June 2026."
        ),
        "OddLatents": (
            "libopus up to 1.6.1 leaves out the oldest chunk where it has an odd number of latent "
            "vectors: 20 ms at the start of a stream cannot be had. Fixed by June 2026."
        ),
        "UnprocessedDred": (
            "libopus up to 1.6.1 takes redundancy that was read with its processing deferred, and "
            "never processed, and speaks as if there were none; later ones refuse it."
        ),
        "ConvolutionHistory": (
            "Convolutions of the networks see what came before, the encoder's two steps back. "
            "libopus before July 2025 laid that history out by the number of values made so far, "
            "later by the layer's inputs: the same places for the published networks, so that all "
            "of its versions agree. History from elsewhere changes every chunk but the first."
        ),
        "LargeBody": (
            "Two independent decoders take no DRED body of more than 1000 bytes. That is what "
            "libopus' encoder writes at most, not a bound of the format: libopus' decoder takes "
            "what the packet holds."
        ),
        "ChunkLimit": (
            "libopus decodes 26 chunks, 1.04 s, and leaves those behind them unread. The draft "
            "sets no bound."
        ),
        "SilenceSent": (
            "The silence before and behind speech is sent like speech: it takes bits that "
            "speech further back could have."
        ),
        "FrameEnd": (
            "FFmpeg's own Opus decoder (libavcodec 62.28) reads on behind the end of a "
            "SILK frame, where zeros are to be read: DRED, other padding and the next frame are "
            "heard as noise. What it plays of streams with DRED is only 15 to 18 dB from what it "
            "plays without."
        ),
        "FinalForm": (
            "Looking for DRED under the id of experiments alone finds none in its final form; "
            "taking the final id first takes what others sent under it before DRED of experiments."
        ),
        "PitchPeriod": (
            "A pitch above 7.5 gives a period of 0 samples: libopus 1.6.1 (dnn/fargan.c) then "
            "reads 42 floats behind the 256 of its pitch buffer, and ports share it. The weights "
            "of the decoder's last layer bound what the wire can bring at 9.8 (version 10: 13.2); "
            "a search of 66,800 decodings got to 3.1 (version 10: 21,400, 3.9)."
        ),
        "Damaged": "Bytes that no encoder writes; no answer is asked for but one in time.",
    }
)
"""Flag -> its note."""
