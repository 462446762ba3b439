"""What lbd and h11 make of a message, in the same words.

A message is a pair of its kind and its bytes: `q` is a request, `s` a response to GET, `h` one to
HEAD, `c` the chunked body of a request. A reading is what one side makes of it."""

import subprocess
from dataclasses import dataclass, field

import h11

# What h11 knows of framing and of keep-alive it tells only by acting on it, over a whole exchange.
# These two are what it acts by.
from h11._connection import _body_framing, _keep_alive


@dataclass
class Reading:
    """`verdict` is accepts, refuses or waits; `meaning` is there when it accepts."""

    verdict: str
    status: int = 0
    why: str = ""
    meaning: dict = field(default_factory=dict)

    def __str__(self):
        if self.verdict == "accepts":
            return f"accepts: {self.meaning}"
        return f"{self.verdict} {self.status or ''} {self.why}".rstrip()


def version_meant(version):
    """RFC 9110 section 2.5: a minor version that is not known means the highest that is."""
    return "1.1" if version[0] == "1" and version[2] != "0" else version


# lbd


class ProbeEnded(Exception):
    """head-probe did not answer every message."""


def ask_lbd(probe, messages):
    """Readings of all messages by one run of head-probe."""
    lines = "".join(f"{kind} {data.hex()}\n" for kind, data in messages)
    run = subprocess.run([probe], input=lines, capture_output=True, text=True, timeout=120)
    answers = run.stdout.splitlines()
    if run.returncode == 0 and len(answers) == len(messages):
        return [_from_answer(answer) for answer in answers]
    if len(messages) == 1:
        raise ProbeEnded(f"{messages[0]}: exit {run.returncode}\n{run.stderr[:400]}")
    half = len(messages) // 2
    return ask_lbd(probe, messages[:half]) + ask_lbd(probe, messages[half:])


def _from_answer(line):
    what, *words = line.split(" ")
    if what == "incomplete":
        return Reading("waits")
    if what == "refused":
        return Reading("refuses", int(words[0]), " ".join(words[1:]))
    if what == "chunked":
        data, normal = bytes.fromhex(words[1]), bytes.fromhex(words[2])
        return Reading("accepts", meaning={"length": int(words[0]), "data": data, "normal": normal})
    meaning = {"length": int(words[0]), "version": words[1], "persistent": words[2] == "1"}
    if what == "request":
        meaning["continue"] = words[3] == "1"
        meaning["framing"] = words[4]
        meaning["method"] = bytes.fromhex(words[5])
        meaning["target"] = bytes.fromhex(words[6])
        rest = words[7:]
    else:
        meaning["framing"] = words[3]
        meaning["status"] = int(words[4])
        meaning["reason"] = bytes.fromhex(words[5])
        rest = words[6:]
    pairs = (pair.split("=") for pair in rest)
    meaning["fields"] = [(bytes.fromhex(name), bytes.fromhex(value)) for name, value in pairs]
    return Reading("accepts", meaning=meaning)


# h11


def ask_h11(message):
    kind, data = message
    if not data:
        return Reading("waits")  # No bytes mean the connection's end to h11.
    try:
        return _chunked(data) if kind == "c" else _head(kind, data)
    except h11.RemoteProtocolError as error:
        return Reading("refuses", error.error_status_hint, str(error))
    except ValueError as error:  # Python reads no number of more than 4,300 digits.
        return Reading("refuses", 0, str(error))


def _head(kind, data):
    connection = h11.Connection(h11.SERVER) if kind == "q" else _after_request(kind)
    connection.receive_data(data)
    event = connection.next_event()
    if event is h11.NEED_DATA:
        return Reading("waits")
    length = len(data) - len(connection.trailing_data[0])
    return Reading("accepts", meaning=_meaning(kind, event, length, connection))


def _chunked(data):
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.next_event()
    connection.receive_data(data)
    found = b""
    while (event := connection.next_event()) is not h11.NEED_DATA:
        if type(event) is h11.Data:
            found += event.data
            continue
        length = len(data) - len(connection.trailing_data[0])
        trailers = [(bytes(name), bytes(value)) for name, value in event.headers]
        meaning = {"length": length, "data": found, "trailers": trailers}
        return Reading("accepts", meaning=meaning)
    return Reading("waits")


def _after_request(kind):
    """A client that has asked for everything that a response may grant."""
    connection = h11.Connection(h11.CLIENT)
    fields = [("Host", "a"), ("Connection", "upgrade"), ("Upgrade", "x")]
    method = "HEAD" if kind == "h" else "GET"
    connection.send(h11.Request(method=method, target="/", headers=fields))
    connection.send(h11.EndOfMessage())
    return connection


def _meaning(kind, event, length, connection):
    meaning = {
        "length": length,
        "version": event.http_version.decode(),
        "persistent": _keep_alive(event),
        "framing": _framing(kind, event),
        "fields": [(bytes(name), bytes(value)) for name, value in event.headers],
    }
    if kind == "q":
        meaning["continue"] = connection.they_are_waiting_for_100_continue
        meaning["method"] = bytes(event.method)
        meaning["target"] = bytes(event.target)
    else:
        meaning["status"] = event.status_code
        meaning["reason"] = bytes(event.reason)
    return meaning


def _framing(kind, event):
    if type(event) is h11.InformationalResponse:
        return "none"
    how, arguments = _body_framing(b"HEAD" if kind == "h" else b"GET", event)
    return {
        "content-length": lambda: f"length:{arguments[0]}",
        "chunked": lambda: "chunked",
        "http/1.0": lambda: "close",
    }[how]()


# Both


def disagreements(ours, theirs):
    """The aspects in which two accepted readings differ."""
    if "normal" in ours:
        return _body_disagreements(ours, theirs)
    return [name for name in ours if _comparable(ours, name) != _comparable(theirs, name)]


def _body_disagreements(ours, theirs):
    differing = [name for name in ("length", "data") if ours[name] != theirs[name]]
    return differing if is_normal(ours, theirs["trailers"]) else differing + ["normal"]


def is_normal(ours, trailers=None):
    """Whether h11 reads a body's normal form as lbd reads the body, with no trailer but those of
    the body, and none of framing (RFC 9110 section 6.5.1)."""
    again = ask_h11(("c", ours["normal"])).meaning
    if (again.get("length"), again.get("data")) != (len(ours["normal"]), ours["data"]):
        return False
    if any(name in (b"content-length", b"transfer-encoding") for name, _ in again["trailers"]):
        return False
    return trailers is None or all(trailer in trailers for trailer in again["trailers"])


def _comparable(meaning, name):
    """An aspect without what h11 says in another way but means the same."""
    value = meaning[name]
    if name == "version":
        return version_meant(value)
    if name == "framing":
        return "length:0" if value == "none" else value
    if name == "fields":  # h11 gives a coding in small letters.
        return [(n, v.lower() if n == b"transfer-encoding" else v) for n, v in value]
    if name == "persistent":  # Where the body ends the connection, or is none, nobody asks.
        interim = meaning.get("status", 200) < 200
        return False if meaning["framing"] == "close" or interim else value
    return value
