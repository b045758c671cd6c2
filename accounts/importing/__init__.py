"""People from other systems: ``formats`` reads what those write, ``people`` makes the accounts."""
