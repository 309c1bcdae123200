"""Letters we write about letters: failures, delays, successes."""
