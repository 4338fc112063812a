"""The IMAP edge against a real Dovecot, and against staged servers where a fault cannot be had from a real one."""
