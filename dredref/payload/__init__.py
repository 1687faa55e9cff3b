"""From latents to DRED payloads: what to send, at which level, and how it becomes bytes."""
