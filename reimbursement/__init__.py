"""Ersättning: claims, checks, decisions, payments, recovery. Not built yet; the top floor of the house is theirs."""
