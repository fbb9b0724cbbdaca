"""The tables of a case's parts: each has a process of its own beside the assessment's (`orders.process`)."""
