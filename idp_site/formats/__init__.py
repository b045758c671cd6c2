"""How dates are written here, where it is not as Django writes them in a language."""
