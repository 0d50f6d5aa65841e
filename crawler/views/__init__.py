"""What the state and the WARC files tell an operator, without crawling."""
