"""Who may sign in: names with a role, a password and tokens, and who is signed in now."""
