"""One module for each group of tests; its functions that do not begin with "_" are the tests."""
