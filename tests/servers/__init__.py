"""Real servers for the tests, each private to the test run."""
