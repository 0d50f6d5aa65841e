"""What is known of every URL and host, and when each may be asked: tables, politeness, due dates, ownership."""
