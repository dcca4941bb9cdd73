"""Who listens on Kafka: one small file per consumer group and one shared runner."""
