"""The demo: a whole portfolio lives its months on real servers, and everything that was told of it is checked."""
