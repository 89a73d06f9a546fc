"""Mail as it goes out: the server that takes it, a message's form, the conversation."""
