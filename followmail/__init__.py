"""followmail: follows up, in the consultant's own voice, with prospects who have not answered."""

__version__ = "0.1.0"
