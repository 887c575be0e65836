"""Who may come in: the guard at the door, the admin and the token of the first start."""
