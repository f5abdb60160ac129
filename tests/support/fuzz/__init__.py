"""Everything that reads what a stranger may have written, fed with what no friend would write."""
