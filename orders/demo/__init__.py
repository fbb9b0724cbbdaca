"""Demonstration data: made-up people and cases, written past the door by a bulk loader, the door's one named exception.

Every case is played step by step by the process table itself (`ledger`), so that replaying its events gives its rows
(`manage.py replay --check`). Nothing here describes a real person: personnummer have birth numbers 980–999.
"""
