"""
The contract that every connector keeps, as tests for its author to run.

Subclass ``ConnectorContract`` in a test module and give it a ``ContractSite``: a small copy of your tracker that the
suite serves on loopback, edits and breaks. It needs pytest, which okrsync itself does not; nothing else of okrsync
imports this package.
"""

from okrsync.testing.contract import ConnectorContract
from okrsync.testing.site import NOW, START, ContractSite, Draft, Person

__all__ = ["NOW", "START", "ConnectorContract", "ContractSite", "Draft", "Person"]
