"""The operations of reimbursement in the API: the same door, the same forms, the same access."""
