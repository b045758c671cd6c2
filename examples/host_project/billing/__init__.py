"""An app of the project's own, which keeps something of people."""
