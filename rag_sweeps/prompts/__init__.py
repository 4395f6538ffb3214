"""Versioned prompts: the shipped files, the files of a user, and how foreign text is set apart inside a prompt."""
