"""What happens without a request: streams, queues, rules and schedules that set functions and machines going."""
