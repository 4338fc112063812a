"""Login by OAuth2, against a provider of our own."""
