"""Lives of a consultant, played on the real code in seconds."""
