"""The processes beside the claim's: a batch of payments, a recovery, a review of a payment."""
