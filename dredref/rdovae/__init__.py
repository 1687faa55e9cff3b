"""The RDOVAE networks: features from latents and back."""
