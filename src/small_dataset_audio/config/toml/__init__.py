"""TOML as text: where each key stands, how a value is spelled, and how one line is changed."""
