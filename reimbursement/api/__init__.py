"""The API of reimbursement, a module for each noun."""
