"""Who may come in and do what: the guard at the door, the first admin, tokens, sessions and roles."""
