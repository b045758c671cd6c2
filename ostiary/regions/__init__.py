"""Regions: several sites, each with a database of its own, that are one to the people in them.

``configured`` says which there are, ``tokens`` and ``keys`` how one proves itself to another,
``link`` is the way there. ``asking`` is the side on which an erasure was asked for, ``answering``
every other one.
"""
