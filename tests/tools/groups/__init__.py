"""One module for each group of tools; its functions that do not begin with "_" are the tools."""
