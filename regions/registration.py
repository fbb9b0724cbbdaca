"""What the regions app gives the engine when it starts."""

from fmu_portal.engine import registry
from regions.inputs import AssignForm


def register_all() -> None:
    """Add the region's input to the assessment's table."""
    registry.PROCESSES["assessment"].inputs["assign"] = AssignForm
