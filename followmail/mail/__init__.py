"""What the RFCs say about one message. Pure: no socket, database, environment or clock."""
