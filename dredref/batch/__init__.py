"""Many packets in one go: the same answers as the reference gives, at a speed near libopus'.

:func:`validate_records` reads records in batches. What can be proven about a batch in numpy arrays
needs no more than that; every record about which it cannot is read by the reference (``spec``).
"""

from dredref.batch.outline import DredOutline, Outline
from dredref.batch.validate import Verdict, validate_records

__all__ = ["DredOutline", "Outline", "Verdict", "validate_records"]
