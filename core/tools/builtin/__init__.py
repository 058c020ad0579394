"""The tools that come with the program; `catalogue` lists them."""
