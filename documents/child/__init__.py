"""What runs in the locked-up child process: nothing of the portal but the kinds of file; the web imports none of it."""
