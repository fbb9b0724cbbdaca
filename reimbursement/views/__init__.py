"""The pages of reimbursement, a module for each noun."""
