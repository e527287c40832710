"""What two synthesizers are given so that they can be compared: MIDI files of single notes, copies of MIDI files whose events stand where
FluidSynth performs them, and copies of SoundFonts without the modulator that it lacks."""
import struct

RATE = 44100
# A multiple of FluidSynth's blocks of 64 frames, at which its events happen, and of a millisecond.
STEP = 0.64


def variable_length(value):
    digits = [value & 0x7F]
    while value > 0x7F:
        value >>= 7
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def write_midi(path, notes):
    """A file of single notes (channel, program, key, velocity), three steps apart, each one long."""
    division, events = 1000, []
    for index, (channel, program, key, velocity) in enumerate(notes):
        start = 3 * index + 1
        events += [(start - 0.4, bytes([0xB0 | channel, 120, 0])), (start - 0.3, bytes([0xC0 | channel, program])),
                   (start, bytes([0x90 | channel, key, velocity])), (start + 1, bytes([0x80 | channel, key, 64]))]
    # A bar of 640 ms for each step keeps all times whole.
    track, time = bytearray(b"\0\xFF\x51\3" + (640000).to_bytes(3, "big")), 0
    for at, message in sorted(events, key=lambda e: e[0]):
        tick = round(at * division)
        track += variable_length(tick - time) + message
        time = tick
    track += variable_length(3 * division) + b"\xFF\x2F\0"
    with open(path, "wb") as file:
        file.write(b"MThd" + struct.pack(">IHHH", 6, 0, 1, division) + b"MTrk" + struct.pack(">I", len(track)) + track)


def read_variable_length(data, place):
    value = 0
    while True:
        value, place = value << 7 | data[place] & 0x7F, place + 1
        if data[place - 1] < 0x80:
            return value, place


def track_events(data, place, end, track):
    """The events of a track: tick, order, bytes; what a running status leaves out is put back."""
    tick, status = 0, 0
    while place < end:
        delta, place = read_variable_length(data, place)
        tick += delta
        if data[place] >= 0x80:
            status, place = data[place], place + 1
        start = place
        if status >= 0xF0:
            kind = data[place] if status == 0xFF else None
            length, content = read_variable_length(data, place + (status == 0xFF))
            place = content + length
            if kind != 0x2F:
                yield tick, track, bytes([status]) + data[start:place]
        else:
            place += 1 if status & 0xE0 == 0xC0 else 2
            yield tick, track, bytes([status]) + data[start:place]


def on_blocks(path, target):
    """Copies a MIDI file so that every event stands in the middle of a block of 64 frames: a tick is half a block."""
    with open(path, "rb") as file:
        data = file.read()
    division, events, place, track = struct.unpack(">H", data[12:14])[0], [], 14, 0
    while place + 8 <= len(data):
        end = place + 8 + struct.unpack(">I", data[place + 4:place + 8])[0]
        if data[place:place + 4] == b"MTrk":
            events += track_events(data, place + 8, end, track)
            track += 1
        place = end
    events.sort(key=lambda e: e[0])
    seconds, tick, tempo, last, out = 0.0, 0, 500000, 0, bytearray()
    # Half a block is 16 s / 22,050, so that a tick of it is exact.
    ticks = 22050
    out += b"\0\xFF\x51\3" + round(32 / RATE * ticks * 1e6).to_bytes(3, "big")
    for at, _, message in events:
        seconds += (at - tick) * tempo / 1e6 / division
        tick = at
        if message[:2] == b"\xFF\x51":
            tempo = int.from_bytes(message[3:6], "big")
            continue
        new = 2 * round(seconds * RATE / 64) + 1
        out += variable_length(new - last) + message
        last = new
    out += variable_length(2 * RATE // 32) + b"\xFF\x2F\0"
    with open(target, "wb") as file:
        file.write(b"MThd" + struct.pack(">IHHH", 6, 0, 1, ticks) + b"MTrk" + struct.pack(">I", len(out)) + out)


def chunks(data, start, end):
    """The chunks of a RIFF file, lists opened: four letters, place of the content, size."""
    while start + 8 <= end:
        name, size = data[start:start + 4], struct.unpack_from("<I", data, start + 4)[0]
        if name in (b"RIFF", b"LIST"):
            yield from chunks(data, start + 12, start + 8 + size)
        else:
            yield name, start + 8, size
        start += 8 + size + size % 2


def without_velocity_filter(path, target):
    """Copies a bank and switches the default modulator from velocity to filter off in every zone of its instruments that does
    not have one of its own."""
    with open(path, "rb") as file:
        data = file.read()
    places = {name: (place, size) for name, place, size in chunks(data, 0, len(data)) if name in (b"ibag", b"imod")}
    (bags, bag_size), (mods, mod_size) = places[b"ibag"], places[b"imod"]
    indices = [struct.unpack_from("<HH", data, bags + 4 * i) for i in range(bag_size // 4)]
    records = [data[mods + 10 * i:mods + 10 * i + 10] for i in range(mod_size // 10)]
    new_bags, new_mods = bytearray(), bytearray()
    for (generator, first), (_, last) in zip(indices, indices[1:] + [(0, 0)]):
        new_bags += struct.pack("<HH", generator, len(new_mods) // 10)
        own = records[first:last]
        new_mods += b"".join(own)
        if (generator, first) != indices[-1] and not any(r[:4] == struct.pack("<HH", 0x0102, 8) for r in own):
            new_mods += struct.pack("<HHhHH", 0x0102, 8, 0, 0, 0)
    new_mods += bytes(10)
    # The modulators come right behind the bags, in the last list.
    end = mods + mod_size
    middle = data[:bags - 8] + b"ibag" + struct.pack("<I", len(new_bags)) + bytes(new_bags)
    result = bytearray(middle + b"imod" + struct.pack("<I", len(new_mods)) + bytes(new_mods) + data[end:])
    grown = len(result) - len(data)
    struct.pack_into("<I", result, 4, struct.unpack_from("<I", data, 4)[0] + grown)
    list_place = data.rindex(b"LIST", 0, bags)
    struct.pack_into("<I", result, list_place + 4, struct.unpack_from("<I", data, list_place + 4)[0] + grown)
    with open(target, "wb") as file:
        file.write(result)
