"""A library as other programs read it: for a trainer, for Hugging Face datasets, as shards.

- `items`: what is exported, and what is left out and why;
- `names`: file names that everybody can hold;
- `sound`: a recording, copied, or converted where the reader would not take it;
- `words`, `prompt`: what is known in words, and the template that makes one text of it;
- `conditioning`: which numbers a generator is told;
- `strata`, `split`: which songs are learnt from, and which are tested on;
- `folder`, `manifest`: a folder that is put in place as a whole, and known again;
- `formats`: what lies in it, one module for each format;
- `exporting`: all of it in order.
"""
