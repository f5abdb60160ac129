"""The pages of a report: each module returns one as text."""
