"""How the pieces sound: synthesis, instruments, effects and the mixing desk. Everything here is arithmetic on arrays."""
