"""The only package that speaks IMAP (RFC 3501, RFC 9051). Its callers see values and our own errors."""
