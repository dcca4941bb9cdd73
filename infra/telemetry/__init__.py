"""What the running service tells of itself to those who look after it: traces, figures and log lines."""
