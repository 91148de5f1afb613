"""What learners look at."""
