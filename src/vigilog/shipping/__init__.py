"""What is shipped, put together: from the configuration and from sources to `ship`."""
