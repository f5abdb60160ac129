"""Numbers from sound, without weights."""
