"""Pieces of tracks, of the length that a generator trains on.

- `plan`: where to cut, on times alone;
- `steady`: where downbeats are, when the tempo is steady;
- `sound`: zero crossings, fades, silence;
- `inherit`: what a crop takes over from its track;
- `places`: where crops lie, and how they are told from tracks;
- `origin`: what a crop knows of where it comes from;
- `build`: a crop's folder, whole or not at all;
- `store`: the crops of a track, put beside those that are there.
"""
