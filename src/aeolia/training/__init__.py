"""Training: configuration, losses, one objective per task, one visible loop, exact resume."""

from __future__ import annotations
