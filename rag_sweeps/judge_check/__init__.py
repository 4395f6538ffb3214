"""How far a judge can be trusted: with itself, with people, with texts that address it."""
