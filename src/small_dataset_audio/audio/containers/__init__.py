"""What a file's own structure says of the audio in it, read without decoding."""
