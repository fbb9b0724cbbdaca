"""The process engine: a process is a table (`table`), one door takes a step (`door`), what is owed is a row (`Duty`)."""
