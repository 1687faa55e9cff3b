"""Neural packet loss concealment: features predicted from those heard, or taken from DRED, spoken.

==============  =====================================================================
``concealer``   what is heard, what is queued, and one frame after the other
``network``     the recurrent network that predicts features
``cepstra``     what the network hears besides features: cepstra of Burg's predictors
``burg``        Burg's method of linear prediction
==============  =====================================================================

Samples are those of libopus' portable path (dnn/lpcnet_plc.c).
"""
