"""The edge: what is the same for every function. Requests in, outcomes out as responses."""
