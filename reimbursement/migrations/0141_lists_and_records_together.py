"""The parts that were built beside one another, in one line again."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("reimbursement", "0110_evidence_without_numbers"),
        ("reimbursement", "0120_lists_of_the_agency"),
        ("reimbursement", "0140_interest_records_may_be_mended"),
    ]
    operations: ClassVar = []
