"""
Ports: what the use cases need of the world, in their own words, a module for each part of it.

Every adapter raises one of the errors in `errors` when its technology is away. A port that a
single use case needs stands in that use case's own module.
"""
