"""The portal as people meet it: a real Chromium against the real stack."""
