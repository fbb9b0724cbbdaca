"""Messages of a case and between organisations; absence, hand-over and how each is told."""
