"""A process that holds the signing keys of an Ostiary, and the class by which it is asked."""
