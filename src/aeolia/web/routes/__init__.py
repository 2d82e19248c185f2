"""What can be asked for, a file a topic; each has `routes(...)`, a list for the application."""
