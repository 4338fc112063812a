"""Setting up: one question at a time, from an address to a working configuration."""
