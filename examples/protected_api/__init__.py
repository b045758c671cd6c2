"""A protected API on Django REST framework. It verifies access tokens by the resource kit."""
