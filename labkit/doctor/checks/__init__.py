"""The checks of `labkit doctor`, one function each. A check takes a `Subject` and returns a `Diagnosis`."""
