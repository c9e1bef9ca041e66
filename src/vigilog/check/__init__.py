"""The report: `vigilog check`, from the configuration to the delivery."""
