"""From the events that were written with their facts to deliveries."""
