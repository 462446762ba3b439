"""Messages at random: well-formed ones by the grammars of RFC 9110 and RFC 9112, and what may be
done to them."""

LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = b"0123456789"
TOKEN = b"!#$%&'*+-.^_`|~" + DIGITS + LETTERS
PATH = b"-._~!$&'()*+,;=:@/%" + DIGITS + LETTERS
VISIBLE = bytes(range(0x21, 0x7F))
OBS_TEXT = bytes(range(0x80, 0x100))

METHODS = b"GET GET GET HEAD POST POST PUT DELETE OPTIONS TRACE PATCH BREW get".split() * 2
METHODS.append(b"CONNECT")
VERSIONS = [b"1.1"] * 40 + [b"1.0"] * 8 + b"1.2 1.9 0.9 2.0 3.0 9.9".split()
HOSTS = (
    b"a a.example a.example:80 127.0.0.1 127.0.0.1:8080 [::1] [::1]:80 [2001:db8::1]:443 [v1.a:b] "
    b"a: a%41 a_b *.a xn--a-ecp.example a,b a@b a/b a?b a#b a:b a:80:80 [::1 ::1 [] [::1]80 [::1]x "
    b"[fe80::1%25a] :80 %zz a\\b [1.2.3.4] a:65536 a:8o"
).split() + [b"", b"a b", b"a" * 301, b"\xc3\xa9", b'"a"']
NAMES = (
    b"Accept Accept-Encoding Age Cache-Control Connection Content-Length Content-Type Cookie Date "
    b"ETag Expect Forwarded Host HTTP2-Settings Keep-Alive Location Proxy-Connection Range Referer "
    b"Server Set-Cookie TE Trailer Transfer-Encoding Upgrade User-Agent Via X-Forwarded-For "
    b"X-Forwarded-Host X-Forwarded-Port X-Forwarded-Proto X-Lbd-Test X-Real-IP X-Request-ID"
).split()
VALUES = {
    b"connection": b"close|keep-alive|Close|KEEP-ALIVE|upgrade|close, keep-alive|keep-alive, x"
    b"|,close,|close;q=1|xclose|close x|,, ,|\tclose\t,\tupgrade|\"close\"|closed|keep-alive,close",
    b"content-length": b"0|5|10|007|5, 5|5,5|5 , 5|5, 6|5,|,5|+5|-5|0x5|5a|5.0|5 5|1e3|5;|\"5\"|0b1"
    b"|999999999999999999|1000000000000000000|9223372036854775807|9223372036854775808"
    b"|18446744073709551616|18446744073709551621|4294967296|00000000000000000005|1_0||\xd9\xa5",
    b"transfer-encoding": b"chunked|chunked|Chunked|CHUNKED|chunked, chunked|gzip, chunked"
    b"|chunked, gzip|gzip|identity|identity, chunked|chunked, identity|xchunked|chunkedx"
    b"|chunked;q=1|\"chunked\"|,chunked|chunked,|chunked chunked||chunk|chun\tked"
    b"|\xe3\x83chunked|chunked\xa0",
    b"expect": b"100-continue|100-Continue|100-continue, 100-continue|200-ok||100-continue;q=1"
    b"|100-continue,|1OO-continue",
    b"upgrade": b"websocket|h2c|x/1, y|",
    b"te": b"trailers|chunked|",
}
BETWEEN = [b": "] * 8 + [b":", b":\t", b":  \t ", b":\t\t"]
AFTER = [b""] * 8 + [b" ", b"\t", b" \t "]


def text(random, alphabet, low, high):
    return bytes(random.choices(alphabet, k=random.randint(low, high)))


def target(random, method):
    if random.random() < 0.85:
        query = b"?" + text(random, PATH + b"?", 0, 8) if random.random() < 0.3 else b""
        return b"/" + text(random, PATH, 0, 12) + query
    host = random.choice(HOSTS).replace(b" ", b"")
    path = random.choice([b"", b"/", b"/p", b"?q", b"/p?q"])
    return random.choice(
        [
            b"http://" + host + path,
            b"https://" + host + path,
            b"HTTP://" + host + path,
            b"http:/" + host + path,
            b"http:" + host,
            b"ftp://" + host + path,
            b"//" + host + path,
            b"/" + path + b"#" + host,
            b"http://u:p@" + host + path,
            b"*",
            b"*" if method == b"OPTIONS" else b"**",
            host + b":443",
            b"/" + text(random, VISIBLE, 1, 8),
            text(random, VISIBLE, 1, 8),
            b"/../" + text(random, PATH, 0, 4),
        ]
    )


def value(random, name):
    known = VALUES.get(name.lower())
    if known and random.random() < 0.9:
        return random.choice(known.split(b"|"))
    if name.lower() == b"host":
        return random.choice(HOSTS)
    alphabet = VISIBLE + (b" \t" if random.random() < 0.5 else b"")
    if random.random() < 0.1:
        alphabet += OBS_TEXT
    return text(random, alphabet, 0, 20).strip(b" \t")


def field_line(random, name, held=None):
    held = value(random, name) if held is None else held
    if random.random() < 0.2:
        name = random.choice([bytes.lower, bytes.upper, bytes.swapcase])(name)
    return name + random.choice(BETWEEN) + held + random.choice(AFTER)


def other_fields(random):
    """Fields that say nothing of framing, mostly."""
    lines = []
    for _ in range(random.choice([0, 0, 1, 1, 2, 3, 5])):
        name = random.choice(NAMES) if random.random() < 0.5 else text(random, TOKEN, 1, 12)
        if name.lower() not in (b"host", b"content-length", b"transfer-encoding", b"expect"):
            lines.append(field_line(random, name))
    return lines


def framing_fields(random):
    """None, or one good one."""
    choice = random.random()
    if choice < 0.6:
        return []
    if choice < 0.8:
        return [field_line(random, b"Content-Length", b"%d" % random.randint(0, 10**6))]
    return [field_line(random, b"Transfer-Encoding", b"chunked")]


def request(random):
    method = random.choice(METHODS) if random.random() < 0.95 else text(random, TOKEN, 1, 12)
    first = b"%s %s HTTP/%s" % (method, target(random, method), random.choice(VERSIONS))
    good = random.choice(HOSTS[:8]) if random.random() < 0.9 else None
    host = [field_line(random, b"Host", good)]
    expect = [field_line(random, b"Expect")] if random.random() < 0.05 else []
    fields = host + other_fields(random) + framing_fields(random) + expect
    random.shuffle(fields)
    return [first] + fields


def response(random):
    status = random.choice([100, 101, 103, 200, 200, 204, 206, 301, 304, 404, 500, 503, 599])
    if random.random() < 0.05:
        status = random.randint(0, 999)
    reason = random.choice([b"", b" ", b" OK", b" Not Found", b" " + text(random, OBS_TEXT, 1, 5)])
    first = b"HTTP/%s %03d%s" % (random.choice(VERSIONS), status, reason)
    fields = other_fields(random) + framing_fields(random)
    random.shuffle(fields)
    return [first] + fields


def body(random):
    """What follows the head: nothing, a body, a next message."""
    following = [b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"\r\n", b"0"]
    return random.choice([b""] * 4 + following + [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
