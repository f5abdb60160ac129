"""What a library is like, in figures and sentences, before any page is made of it.

- `pieces`: its tracks, as the report shows them;
- `maps`: how many there are where: keys, tempi, labels;
- `gaps`: what there is not, and what to record next.
"""
