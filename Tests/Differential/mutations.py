"""What may be done to a message on its way: first to its lines, then to its bytes. Each message is
changed in one place most often, for two changes can hide behind one class."""

import bodies
import messages

SPECIAL = b"\r\n\0\t :,;#\x0b\x0c\x01\x1f\x7f\x80\xa0\xff\"\\@/?*[]-+_0"


def message(random):
    """A kind and the bytes of a message of it."""
    kind = random.choice("qqqqqqsshcc")
    if kind == "c":
        return kind, body(random)
    lines = messages.request(random) if kind == "q" else messages.response(random)
    changes = random.choice([0, 1, 1, 1, 1, 2, 3])
    on_lines = sum(random.random() < 0.55 for _ in range(changes))
    for _ in range(on_lines):
        random.choice(LINES)(random, lines)
    data = joined(random, lines) + messages.body(random)
    for _ in range(changes - on_lines):
        data = random.choice(BYTES)(random, data)
    return kind, data


def body(random):
    pieces = bodies.body(random)
    for _ in range(random.choice([0, 1, 1, 2])):
        bodies.change(random, pieces)
    data = b"".join(pieces) + messages.body(random)
    for _ in range(random.choice([0, 0, 1, 2])):
        data = random.choice(BYTES)(random, data)
    return data


def joined(random, lines):
    if random.random() < 0.97:
        return b"\r\n".join(lines) + b"\r\n\r\n"
    ends = [b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", b""]
    return b"".join(line + random.choice(ends) for line in lines) + random.choice(ends)


# Lines


def any_field(random, lines):
    """The place of a field line, or 0, the first line's, where there is none."""
    return random.randrange(1, len(lines)) if len(lines) > 1 else 0


def add_framing(random, lines):
    name = random.choice([b"Content-Length", b"Transfer-Encoding"])
    lines.insert(random.randint(1, len(lines)), messages.field_line(random, name))


def add_odd(random, lines):
    name = random.choice([b"Host", b"Expect", b"Connection", b"Upgrade", b"TE", b"Keep-Alive"])
    lines.insert(random.randint(1, len(lines)), messages.field_line(random, name))


def replace_value(random, lines):
    at = any_field(random, lines)
    name = lines[at].partition(b":")[0]
    lines[at] = messages.field_line(random, name)


def near_name(random, lines):
    """A name that is nearly one that matters."""
    name = bytearray(random.choice(messages.NAMES))
    at = random.randrange(len(name))
    name[at] ^= random.choice([0x20, 0x20, 0x40, 0x80, 1, 0x10])
    name = random.choice([bytes(name), bytes(name), bytes(name).replace(b"-", b"_")])
    held = random.choice([b"5", b"chunked", b"close", b"a", b"100-continue"])
    lines.insert(random.randint(1, len(lines)), messages.field_line(random, name, held))


def repeat(random, lines):
    lines.insert(random.randint(1, len(lines)), lines[any_field(random, lines)])


def remove(random, lines):
    del lines[random.randrange(len(lines))]
    lines or lines.append(b"")


def fold(random, lines):
    at = any_field(random, lines)
    cut = random.randint(0, len(lines[at]))
    lines[at] = lines[at][:cut] + b"\r\n" + random.choice([b" ", b"\t"]) + lines[at][cut:]


def space_name(random, lines):
    at = any_field(random, lines)
    name, colon, held = lines[at].partition(b":")
    space = random.choice([b" ", b"\t", b"\x0b", b"\0", b"\xa0", b"\r", b"\n"])
    lines[at] = random.choice([name + space, space + name, b"", name + b":"]) + colon + held


def odd_length(random, lines):
    """Lengths as numbers of any size and look."""
    near_limit = 2 ** random.randint(30, 70) + random.randint(-2, 2)
    number = random.choice([random.randint(0, 99), near_limit])
    look = random.choice([b"%d", b"%d", b"%020d", b"%+d", b"%x", b"0x%x", b"%o", b"%d\t,%d"])
    held = look % ((number,) * look.count(b"%"))
    line = messages.field_line(random, b"Content-Length", held)
    lines.insert(random.randint(1, len(lines)), line)


def many(random, lines):
    if random.random() < 0.1:
        lines += [b"X: y"] * random.choice([90, 99, 100, 101, 150])


def first_line(random, lines):
    parts = lines[0].split(b" ")
    at = random.randrange(len(parts))
    space = random.choice([b"  ", b"\t", b"\x0b", b"\xa0", b"", b" "])
    parts[at] = random.choice([parts[at] + space, space + parts[at], b"", parts[at].lower()])
    lines[0] = b" ".join(parts)


def empty_lines(random, lines):
    lines[:0] = [b""] * random.randint(1, 6)


LINES = [add_framing] * 3 + [add_odd] * 2 + [near_name] * 2 + [replace_value]
LINES += [repeat, remove, fold, space_name, odd_length, many, first_line, empty_lines]


# Bytes


def insert(random, data):
    at = random.randint(0, len(data))
    return data[:at] + bytes([random.choice(SPECIAL)]) + data[at:]


def put(random, data):
    at = random.randint(0, len(data))
    return data[:at] + bytes([random.choice(SPECIAL)]) + data[at + 1 :]


def flip(random, data):
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def delete(random, data):
    at = random.randint(0, len(data))
    return data[:at] + data[at + random.choice([1, 1, 2, 4]) :]


def double(random, data):
    start = random.randint(0, len(data))
    end = min(len(data), start + random.randint(1, 20))
    return data[:end] + data[start:end] + data[end:]


def truncate(random, data):
    return data[: random.randint(0, len(data))]


def near_line_end(random, data):
    """A byte before, in or after one of the line ends."""
    ends = [at for at in range(len(data)) if data[at : at + 2] == b"\r\n"]
    if not ends:
        return data
    at = random.choice(ends) + random.choice([0, 1, 2])
    end = at + random.choice([0, 0, 1])
    return data[:at] + bytes([random.choice(b"\r\n\0\t :\x0b\x0c\x85")]) + data[end:]


BYTES = [insert, insert, put, flip, flip, delete, double, truncate, near_line_end, near_line_end]
