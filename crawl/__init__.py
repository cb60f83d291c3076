"""crawl: bring recordings in from links, feeds, listings, lists of files and folders. A room of its own."""
