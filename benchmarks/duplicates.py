"""How well near-duplicates are found: precision and recall for each way in which a copy may differ.

    python benchmarks/duplicates.py [--pieces 12] [--audio FOLDER] [--pairs]

Pieces are composed: those of the demo, and others of one key, one tempo and with the same instruments, which are different music
all the same. Each is changed in every way, and all of it, changed and not, is searched as one library. A pair is right if
both come from the same piece. Pieces that share drums and bass under other music count by themselves, as "same loop".
"""

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.decoders.ffmpeg import library as ffmpeg
from small_dataset_audio.audio.encode import encode
from small_dataset_audio.dataset.demo.arrangement import Form, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.composition import compose
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.score.accompaniment import arpeggio, comp, roots
from small_dataset_audio.dataset.demo.score.patterns import Event, rhythm
from small_dataset_audio.dataset.demo.score.pitch import pitch_number
from small_dataset_audio.dataset.demo.sound.drums import Clap, Hat, Kick
from small_dataset_audio.dataset.demo.sound.keys import Bars, Plucked, SynthBass
from small_dataset_audio.dataset.heard import listen
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.similar.alignment import align
from small_dataset_audio.dataset.similar.finding import similar_among

Sound = NDArray[np.float32]

BARS = 16
CHORDS = ("Dm7", "Fmaj7", "Gm7", "Am7", "Bbmaj7", "C7")
SCALE = (2, 4, 5, 7, 9, 10, 0)
HATS = ("o.x.o.x.o.x.o.x.", "..x...x...x...x.", "oxo.oxo.oxo.oxox", "o.o.oxo.o.o.oxo.")
BASS = ("..x...x-..x..xo.", "x.....x.x.....x.", "x-..x-..x..x..x.", "x..x..x..x..x-..")
STABS = ("x..x..x...o..x..", "....x.......x...", "..x...x...x...x.", "x.......x..x....")
RUNS = ("x.xx.xx.x.xx.xxo", "x.x.x.x.x.x.x.x.", "xx..xx..xx..xx..", "..xx..xx..xx..xx")
ORDERS = ((0, 2, 4, 6, 3, 5, 1), (0, 1, 2, 3), (3, 2, 1, 0), (0, 3, 1, 4, 2))


def sibling(number: int, ground: int | None = None) -> Piece:
    """Return a piece in D minor at 124 BPM; two of the same ``ground`` share drums, bass and chords, alone in the first half."""
    under, over = (
        np.random.default_rng(1000 + number if ground is None else 9000 + ground),
        np.random.default_rng(number),
    )
    loop = " | ".join(under.choice(CHORDS, 4))
    form = Form(bpm=124.0, key="D minor", bars=BARS, chords=" | ".join([*[loop] * (BARS // 4), "Dm7"]), seed=number)
    spans, bars = form.spans, range(BARS)
    above = bars if ground is None else range(BARS // 2, BARS)
    melody = tuple(
        Event(
            float(beat), 0.45, 62 + int(over.integers(0, 2)) * 12 + int(over.choice(SCALE)), float(over.uniform(0.6, 1))
        )
        for beat in np.flatnonzero(over.random(BARS * 8) < 0.5) / 2
        if beat >= 4 * above.start
    )
    parts = (
        Part("kick", "kick", Kick(), rhythm("X...X...X...X...", bars), Strip(gain=-3.0)),
        Part("clap", "snare", Clap(), rhythm("....x.......x...", bars), Strip(gain=-4.0, room=0.1), variants=2),
        Part("hat", "hat", Hat(0.06), rhythm(str(under.choice(HATS)), bars), Strip(gain=-8.0), variants=2),
        Part(
            "bass",
            "notes",
            SynthBass(edge=0.55, ring=0.35),
            roots(spans, rhythm(str(under.choice(BASS)), bars), pitch_number("F1")),
            Strip(gain=-8.0),
        ),
        Part(
            "stabs",
            "notes",
            Plucked(ring=0.55, closing=0.1, bright=1.0, detune=11.0),
            comp(spans, rhythm(str(under.choice(STABS)), bars), pitch_number("A3")),
            Strip(gain=-10.0, room=0.3),
        ),
        Part(
            "arpeggio",
            "notes",
            Bars(ratios=(1.0, 2.0, 3.0), levels=(1.0, 0.5, 0.3), ring=1.0),
            arpeggio(spans, rhythm(str(over.choice(RUNS)), above), ORDERS[int(over.integers(len(ORDERS)))], 62),
            Strip(gain=-14.0, pan=-0.3, room=0.3),
        ),
        Part("lead", "notes", Plucked(ring=0.6, bright=0.9), melody, Strip(gain=-11.0, pan=0.2, room=0.3)),
    )
    return Piece(f"sibling {number}", form, parts, Master(level=-12.0))


def stretched(sound: Sound, rate: int, factor: float) -> Sound:
    """Return a sound that is ``factor`` times faster, at its pitch (FFmpeg's WSOLA)."""
    av = ffmpeg()
    layout = "mono" if sound.shape[0] == 1 else "stereo"
    graph = av.filter.Graph()
    nodes = [
        graph.add_abuffer(sample_rate=rate, format="fltp", layout=layout, time_base=Fraction(1, rate)),
        graph.add("atempo", f"{factor:.6f}"),
        graph.add("aformat", "sample_fmts=fltp"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), format="fltp", layout=layout)
    frame.sample_rate, frame.pts = rate, 0
    parts = []
    for each in (frame, None):
        graph.push(each)
        while True:
            try:
                parts.append(graph.pull().to_ndarray())
            except (av.error.BlockingIOError, av.error.EOFError):
                break
    return np.concatenate(parts, axis=1)


def faster(sound: Sound, factor: float) -> Sound:
    """Return a sound played ``factor`` times faster, and as much higher."""
    return np.asarray(soxr.resample(sound.T, 1000 * factor, 1000).T, dtype=np.float32)


def shifted(sound: Sound, rate: int, semitones: float) -> Sound:
    """Return a sound at another pitch and its tempo."""
    factor = 2 ** (semitones / 12)
    return stretched(faster(sound, factor), rate, 1 / factor)


def equalised(sound: Sound, rate: int) -> Sound:
    """Return a sound with 5 dB more below 300 Hz and 8 dB less above 4 kHz."""
    low = sosfilt(butter(1, 300, "low", fs=rate, output="sos"), sound)
    high = sosfilt(butter(1, 4000, "high", fs=rate, output="sos"), sound)
    return np.asarray(0.5 * (sound + 0.8 * low - 0.6 * high), dtype=np.float32)


def variants(sound: Sound, rate: int) -> Iterator[tuple[str, Sound]]:
    """Yield a name and the sound for each way in which a copy may differ."""
    length = sound.shape[1]
    yield "gain", np.float32(0.3) * sound
    yield "EQ", equalised(sound, rate)
    yield "MP3 64k", sound
    yield "pitch +1", shifted(sound, rate, 1)
    yield "pitch -1", shifted(sound, rate, -1)
    yield "tempo +3 %", stretched(sound, rate, 1.03)
    yield "tempo -3 %", stretched(sound, rate, 0.97)
    yield "speed +2 %", faster(sound, 1.02)
    yield "trimmed", sound[:, length // 4 : 3 * length // 4]


def write(library: Path, name: str, sound: Sound, rate: int, kind: str) -> Track:
    """Return a new track."""
    track = Track(library / name)
    track.folder.mkdir(parents=True)
    sound = sound / np.maximum(1, np.abs(sound).max())
    if kind != "MP3 64k":
        encode(track.folder / "full_mix.flac", sound, rate)
        return track
    av = ffmpeg()
    with av.open(str(track.folder / "full_mix.mp3"), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, bit_rate=64_000)
        layout = "mono" if sound.shape[0] == 1 else "stereo"
        stream.layout, stream.format = layout, "fltp"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for each in (frame, None):
            container.mux(stream.encode(each))
    return track


def sources(pieces: int, loops: int, audio: Path | None) -> Iterator[tuple[str, Sound, int]]:
    """Yield name, sound and rate of what is changed; a name before a slash is the piece."""
    for piece in (*PIECES, *map(sibling, range(pieces))):
        made = compose(piece)
        yield piece.title, made.samples, made.rate
    for number in range(loops):
        for part in range(2):
            made = compose(replace(sibling(100 + 2 * number + part, ground=number), title=f"loop {number} part {part}"))
            yield f"loop {number} part {part}", made.samples, made.rate
    for file in sorted(audio.iterdir()) if audio else ():
        if file.suffix.lower() in {".flac", ".wav", ".ogg", ".mp3"}:
            clip = decode(file)
            yield file.stem, clip.samples[:2], clip.rate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--pieces", type=int, default=12, help="pieces of one key, tempo and instruments")
    parser.add_argument("--loops", type=int, default=4, help="pairs that share drums, bass and chords")
    parser.add_argument("--audio", type=Path, help="also the recordings in this folder")
    parser.add_argument("--pairs", action="store_true", help="list what is wrong or missing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        tracks: list[Track] = []
        of: dict[str, tuple[str, str]] = {}
        for name, sound, rate in sources(options.pieces, options.loops, options.audio):
            given = [("original", sound), *(() if name.startswith("loop ") else variants(sound, rate))]
            for kind, changed in given:
                track = write(Path(home) / "library", f"{name}, {kind}", changed, rate, kind)
                tracks.append(track)
                of[track.name] = (name, kind)
        began = time.process_time()
        listened = listen(tracks, cache=Path(home), workers=1)
        heard = time.process_time() - began
        began = time.process_time()
        similar = similar_among(listened)
        compared = time.process_time() - began
    print(f"{len(tracks)} tracks: {heard:.1f} s of processor time to listen, {compared:.1f} s to compare")
    found = {frozenset((pair.a, pair.b)): pair for pair in similar.pairs}
    report(of, found, listed=options.pairs)
    chance(of, {name: sound.heard.print for name, sound in listened.sounds.items()})


def report(of: dict[str, tuple[str, str]], found: dict[frozenset[str], object], *, listed: bool) -> None:
    """Print recall by kind, precision, and what is wrong or missing."""
    hits: Counter[str] = Counter()
    total: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    wrong, missing = [], []
    for a, b in combinations(sorted(of), 2):
        (first, kind_a), (second, kind_b) = of[a], of[b]
        pair = found.get(frozenset((a, b)))
        loop = first.startswith("loop ") and first.split(" part")[0] == second.split(" part")[0]
        if first != second and not loop:
            wrong += [pair] if pair else []
            continue
        plain = "original" in {kind_a, kind_b}
        kind = "same loop" if loop else (({kind_a, kind_b} - {"original"}).pop() if plain else "two of these together")
        total[kind] += 1
        hits[kind] += pair is not None
        kinds[kind][getattr(pair, "kind", "missed")] += 1
        missing += [] if pair else [(a, b)]
    print(f"{'difference':24s} found   of  recall  called")
    for kind in total:
        called = ", ".join(f"{name} {count}" for name, count in kinds[kind].most_common())
        print(f"{kind:24s} {hits[kind]:5d} {total[kind]:4d}  {hits[kind] / total[kind]:6.3f}  {called}")
    right = sum(hits.values())
    print(f"precision {right / max(1, right + len(wrong)):.4f} ({len(wrong)} pairs of different music)")
    if listed:
        for one in wrong:
            print("wrong:", one)
        for pair in missing:
            print("missed:", pair)


def chance(of: dict[str, tuple[str, str]], prints: dict[str, NDArray[np.uint8]]) -> None:
    """Print how well the originals of different music agree by chance."""
    originals = [name for name, (piece, kind) in of.items() if kind == "original" and not piece.startswith("loop ")]
    reached = [
        found.seed
        for a, b in combinations(sorted(originals, key=lambda name: len(prints[name])), 2)
        if (found := align(prints[a], prints[b], (0,))) is not None and found.patches > 2
    ]
    points = ", ".join(f"{share:g} % {np.percentile(reached, share):.2f}" for share in (50, 95, 99, 100))
    print(f"correlation by chance, over {len(reached)} pairs of different music: {points}")


if __name__ == "__main__":
    main()
