"""Events on their way to endpoints: the log, the queue, the attempts."""
