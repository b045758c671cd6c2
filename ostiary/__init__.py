"""The ground floor of Ostiary: the few things on which every app of the house must agree."""
