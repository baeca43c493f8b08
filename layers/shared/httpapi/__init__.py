"""The edge: what a tenant's client meets before and after the knowledge lifecycle does its work."""
