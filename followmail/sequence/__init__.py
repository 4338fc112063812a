"""Who is followed up, when and what next. Pure: no socket, database, environment or clock."""
