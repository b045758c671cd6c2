"""An app whose letters go into a file, as slowly as a test wants."""
