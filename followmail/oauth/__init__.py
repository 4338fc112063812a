"""Login by OAuth2 (RFC 6749): tokens from Google and Microsoft, kept in a file of their own beside the database."""
