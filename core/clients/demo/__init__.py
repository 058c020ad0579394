"""The demo model: a scripted server that speaks the protocol, so that the first minute works without any account."""
