"""crawl: fetch recordings from links, feeds, listings, lists of addresses, and folders."""
