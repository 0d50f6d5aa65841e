"""Views of the state and the WARC files for operators, without crawling."""
