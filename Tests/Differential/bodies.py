"""Chunked bodies: literal ones that every run begins with, and bodies at random."""

import messages

SIZES = b"5 05 0005 A a 0x5 +5 -5 5h 5. 5,5 5_ 00000000000000005 000000000000000000005".split()
SIZES += [b"", b" 5", b"5 ", b"5\t", b"5\r", b"5\0", b"ffffffffffffffff", b"fffffffffffffffffffff"]
EXTENSIONS = [b";", b";a", b";a=b", b';a="b;c"', b";a;b", b" ;a", b"; a = b", b";a ", b";\xe9"]
EXTENSIONS += [b";a\n", b";a\r", b";a\0", b";a\x7f", b';a="\r\n"', b";a\n0\r\n\r\n", b"=a", b" a"]
TRAILERS = [b"X: y", b"X:", b"X", b"X y: z", b"X : y", b" X: y", b": y", b"X: y\r\n z"]
TRAILERS += [b"X: y\nZ: a"]
TRAILERS += [b"X: \0", b"X: \x01", b"X: y\r", b"X\xe9: y", b"Host: b", b"Content-Length: 5"]
TRAILERS += [b"Content-Length: x", b"Transfer-Encoding: chunked", b"Transfer-Encoding: x"]
ODD_ENDS = [b"\n", b"\r", b"\n\r", b"\r\r\n"]
NEXT = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def whole(chunks, last=b"0", trailers=b""):
    return chunks + last + b"\r\n" + trailers + b"\r\n"


MESSAGES = [
    ("c", data + rest)
    for rest in (b"", NEXT)
    for data in (
        [whole(b""), whole(chunk(b"hello")), whole(chunk(b"hello") + chunk(b"there"))]
        + [whole(size + b"\r\nhello\r\n") for size in SIZES]
        + [whole(chunk(b"hello", extension)) for extension in EXTENSIONS]
        + [whole(chunk(b"hello"), b"0" + extension) for extension in EXTENSIONS]
        + [whole(chunk(b"hello"), size) for size in (b"00", b"0" * 15, b"0" * 16, b"0" * 21, b"")]
        + [whole(chunk(b"hello"), b"0", trailer + b"\r\n") for trailer in TRAILERS]
        + [whole(chunk(b"hello"), b"0", b"X: y\r\n" + trailer + b"\r\n") for trailer in TRAILERS]
        + [whole(b"5\r\nhello" + end) for end in (b"", b"x\r\n", b"\0\r\n", *ODD_ENDS)]
        + [whole(chunk(b"hello")).replace(b"\r\n", end) for end in ODD_ENDS]
        + [b"0\r\n\n", b"0\r\n\r", b"0\n\r\n", b"0\r\n\r\r\n", b"\r\n0\r\n\r\n", b"0;\n\r\n\r\n"]
        + [whole(chunk(b"hello", b";" + b"x" * count)) for count in (100, 16_000, 40_000)]
        + [whole(b"", trailers=b"X: " + b"y" * count + b"\r\n") for count in (100, 16_000, 40_000)]
    )
] + [("c", whole(chunk(b"hello", b";x"), b"0", b"X: y\r\n")[:count]) for count in range(1, 26)]


def body(random):
    """The pieces of a body: what is between them is never data."""
    pieces = []
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        data = messages.text(random, bytes(range(256)), 1, 20)
        size = random.choice([b"%x"] * 8 + [b"%X", b"0%x", b"000%x", b"%020x"])
        extension = random.choice(EXTENSIONS[:8]) if random.random() < 0.2 else b""
        pieces += [size % len(data) + extension, b"\r\n", data, b"\r\n"]
    pieces += [random.choice([b"0", b"0", b"0", b"00"]), b"\r\n"]
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        name = random.choice(messages.NAMES) if random.random() < 0.5 else b"X"
        pieces += [messages.field_line(random, name), b"\r\n"]
    return pieces + [b"\r\n"]


def change(random, pieces):
    """One piece becomes another: a size, an extension, a trailer or a line's end."""
    at = random.randrange(len(pieces))
    if pieces[at] == b"\r\n":
        pieces[at] = random.choice([b"", b" \r\n", b"\r\n ", b"\r\n\r\n", *ODD_ENDS])
    else:
        odd = random.choice([SIZES, EXTENSIONS, TRAILERS])
        pieces[at] = random.choice([b"", pieces[at]]) + random.choice(odd)
