"""Writing to Kafka: the topics, the producer and the relay that publishes the event store."""
