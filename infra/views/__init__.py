"""The read models in PostgreSQL: how rows are kept, how far each view has read, and the questions they answer."""
