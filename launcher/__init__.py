"""Starts and stops everything the portal consists of. Imports neither Django nor any of the portal's apps."""
