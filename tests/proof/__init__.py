"""What takes longer than a commit can wait, and the figures of its last run: `python -m tests.proof`."""
