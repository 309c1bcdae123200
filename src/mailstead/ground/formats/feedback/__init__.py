"""What servers tell each other about mail as such: DMARC reports written and read, and letters that carry reports."""
