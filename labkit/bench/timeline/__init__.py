"""Why did a connection end? Two ends' records, merged in time, and the cause named."""
