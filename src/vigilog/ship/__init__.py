"""Events out of this host: JSON to Kafka, or a spool on the disk while Kafka is away."""
