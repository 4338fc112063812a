"""Discovery: from a mail address to the servers of its mailbox, and what is publicly known of its provider."""
