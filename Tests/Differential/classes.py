"""The classes of differences that are known: `differences.md` names and explains them to people,
the predicates here recognise them by the message. A class without a predicate, or a predicate
without a class, is an error."""

import ipaddress
import pathlib
import re

TABLE = pathlib.Path(__file__).with_name("differences.md")
PREDICATES = {}


def seen(kind, data, meaning):
    """A message as the predicates see it."""
    return Body(data, meaning) if kind == "c" else Message(kind, data, meaning)


class Message:
    """A head with what the side that accepted it made of it."""

    def __init__(self, kind, data, meaning):
        self.is_request = kind == "q"
        self.meaning = meaning
        self.head = data[: meaning["length"]]
        self.lines = re.split(rb"\r?\n", self.head)[:-2]
        self.major, self.minor = (int(digit) for digit in meaning["version"].split("."))
        self.target = meaning.get("target", b"")

    def values(self, name):
        return [value for other, value in self.meaning["fields"] if other == name]

    def raw_values(self, name):
        pairs = (line.partition(b":") for line in self.lines[1:])
        return [value for other, _, value in pairs if other.lower() == name]

    @property
    def authority(self):
        """Of an absolute-form target, else None."""
        found = re.match(rb"https?://([^/?#]*)", self.target, re.IGNORECASE)
        return found and found[1]


class Body:
    """A chunked body that one side accepted, in pieces: its sizes, what follows them on their
    lines, and its trailers."""

    is_request = True

    def __init__(self, data, meaning):
        self.sizes, self.extensions, self.trailers = [], [], b""
        at = 0
        while not self.sizes or int(self.sizes[-1], 16):
            line = re.compile(rb"([0-9A-Fa-f]+)(.*?)\r\n", re.DOTALL).match(data, at)
            if not line:
                return  # It was accepted against the grammar, which no class explains.
            self.sizes.append(line[1])
            self.extensions.append(line[2])
            at = line.end() + int(line[1], 16) + 2
        self.trailers = data[line.end() : meaning["length"]]


def named(name, what=Message):
    def note(predicate):
        PREDICATES[name] = lambda one: isinstance(one, what) and predicate(one)
        return predicate

    return note


# Lines and bytes


@named("empty-lines-before")
def _(message):
    return message.is_request and message.head.startswith(b"\r\n")


@named("bare-line-feed")
def _(message):
    return re.search(rb"(?<!\r)\n", message.head) is not None


@named("folded-line")
def _(message):
    return any(line[:1] in (b" ", b"\t") for line in message.lines[1:])


@named("space-before-colon")
def _(message):
    names = [line.partition(b":")[0] for line in message.lines[1:]]
    return not message.is_request and any(name[-1:] in (b" ", b"\t") for name in names)


@named("control-character")
def _(message):
    texts = [value for _, value in message.meaning["fields"]] + [message.meaning.get("reason", b"")]
    return any(re.search(rb"[\x01-\x08\x0e-\x1f\x7f]", text) for text in texts)


@named("many-fields")
def _(message):
    return len(message.lines) - 1 > 100


@named("large-head")
def _(message):
    return len(message.head) > 65535


# The request line and the status line


@named("version")
def _(message):
    return message.major != 1


@named("connect")
def _(message):
    return message.meaning.get("method") == b"CONNECT"


@named("target-form")
def _(message):
    if not message.is_request or b"#" in message.target:
        return message.is_request
    if message.meaning["method"] == b"CONNECT":
        return False
    if message.authority == b"":
        return True
    if message.target == b"*":
        return message.meaning["method"] != b"OPTIONS"
    return not message.target.startswith(b"/") and message.authority is None


@named("target-authority")
def _(message):
    return bool(message.authority) and not is_authority(message.authority)


@named("status-above-599")
def _(message):
    return message.meaning.get("status", 0) > 599


# Host


@named("host-in-newer-version")
def _(message):
    return (
        message.is_request
        and (message.major, message.minor) > (1, 1)
        and not message.values(b"host")
    )


@named("host-form")
def _(message):
    return message.is_request and any(v and not is_authority(v) for v in message.values(b"host"))


@named("host-length")
def _(message):
    names = message.values(b"host") + [message.authority or b""]
    return message.is_request and max(len(name) for name in names) > 260


def is_authority(text):
    """`uri-host [ ":" port ]` with a host that is not empty (RFC 9110 section 4.2.1, RFC 3986
    section 3.2.2); IPvFuture is none."""
    literal = re.fullmatch(rb"\[([0-9A-Fa-f:.]*)\](:[0-9]*)?", text)
    if literal:
        try:
            return ipaddress.IPv6Address(literal[1].decode()) is not None
        except ValueError:
            return False
    name = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+"
    return re.fullmatch(name + rb"(:[0-9]*)?", text) is not None


# Framing, expectations and the connection


@named("repeated-length")
def _(message):
    values = message.raw_values(b"content-length")
    return len(values) > 1 or any(b"," in value for value in values)


@named("long-length")
def _(message):
    return any(len(value) > 18 for value in message.values(b"content-length"))


@named("length-and-coding")
def _(message):
    return bool(message.values(b"content-length") and message.values(b"transfer-encoding"))


@named("coding-in-1.0")
def _(message):
    return message.meaning["version"] == "1.0" and bool(message.values(b"transfer-encoding"))


@named("expectation")
def _(message):
    members = b",".join(message.values(b"expect")).lower().split(b",")
    others = {member.strip(b" \t") for member in members} - {b"", b"100-continue"}
    return message.is_request and bool(others)


@named("connection-length")
def _(message):
    values = message.values(b"connection")
    options = {option.strip(b" \t") for option in b",".join(values).lower().split(b",")}
    lists = options - {b"", b"close", b"keep-alive", b"upgrade", b"te"}
    return bool(lists) and len(b"".join(values)) > 1024


@named("keep-alive-in-1.0")
def _(message):
    lists = b",".join(message.values(b"connection")).lower().split(b",")
    options = {option.strip(b" \t") for option in lists}
    is_named = b"keep-alive" in options and b"close" not in options
    return message.meaning["version"] == "1.0" and is_named


# Chunked bodies


@named("chunk-size-digits", Body)
def _(body):
    return any(len(size) > 15 for size in body.sizes)


@named("chunk-size-space", Body)
def _(body):
    return any(text and not text.strip(b" \t") for text in body.extensions)


@named("chunk-extension", Body)
def _(body):
    return any(re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", text) for text in body.extensions)


@named("chunk-overhead", Body)
def _(body):
    return len(b"".join(body.extensions)) + len(body.trailers) > 16 << 10


@named("trailer-line", Body)
def _(body):
    odd = rb"(?<!\r)\n|\n[ \t]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    return re.search(odd, body.trailers) is not None


@named("trailer-dropped", Body)
def _(body):
    lines = body.trailers.split(b"\r\n")[:-2]
    framing = (b"content-length", b"transfer-encoding")
    return any(line.partition(b":")[0].lower() in framing for line in lines)


# The list


class Difference:
    """A row of the table: who accepts, and the statuses of lbd's refusal of a request."""

    def __init__(self, name, accepted_by, answers):
        self.name = name
        self.accepted_by, _, some = accepted_by.partition(", ")
        self.is_always = not some
        self.answers = {int(answer) for answer in re.findall(r"\d+", answers)}
        self.aspect = next(iter(re.findall(r"`(\w+)`", answers)), None)
        self.holds = PREDICATES[name]

    def explains(self, accepted_by, message, answer):
        """`answer` is the status of lbd's refusal, or the aspect in which two readings differ."""
        if accepted_by != self.accepted_by or not self.holds(message):
            return False
        if accepted_by == "h11":
            return answer in self.answers or not message.is_request
        return accepted_by == "lbd" or answer == self.aspect

    def forbids(self, message):
        """Whether lbd has to refuse a message, which h11 accepts."""
        return self.accepted_by == "h11" and self.is_always and self.holds(message)


def read_table():
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in TABLE.read_text().splitlines()
        if re.match(r"\| `[a-z0-9.-]+` \|", line)
    ]
    names = [row[0].strip("`") for row in rows]
    if sorted(names) != sorted(PREDICATES):
        odd = set(names) ^ set(PREDICATES)
        raise SystemExit(f"error: {odd}: not in both, {TABLE.name} and the predicates")
    return [Difference(name, row[1], row[2]) for name, row in zip(names, rows)]
