"""The report: pages that show what is in a library, opened offline in a browser.

- `portrait`: the library in figures and sentences;
- `drawing`: waveforms, spectrograms, drum strokes;
- `detail`: what the page of one track shows besides its values;
- `insight`: what the checks and the statistics say;
- `pages`: the pages, of `markup`, `charts` and `numerals`;
- `folder`: where they are written, never over anything else;
- `write`: all of it, in order.

The pages are text and numbers first: everything but the map, the search and the player is there without JavaScript.
"""
