"""How the pieces are written down: pitches, chord symbols, patterns, and the beat grid that turns them into seconds."""
