"""
A simulated company with known truth, for the demo, the contract suite and plugin authors.

Everything is invented and follows from one seed: trackers, metrics with planted effects, goals, ledger, truth.
"""

from okrsync.sandbox.company.build import Company, build_company

__all__ = ["Company", "build_company"]
