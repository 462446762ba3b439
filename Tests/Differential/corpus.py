"""Messages that every run begins with: the cases that RFC 9112 names, attacks that are known from
practice, and at least one message of each class of differences."""

HOST = b"Host: a\r\n"
ODD_ENDS = (b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n\r", b"\0\n")


def get(fields=b"", target=b"/", version=b"1.1", method=b"GET", host=HOST):
    return b"%s %s HTTP/%s\r\n%s%s\r\n" % (method, target, version, host, fields)


def post(fields, rest=b"0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"):
    return get(fields, method=b"POST") + rest


def reply(fields=b"", first=b"HTTP/1.1 200 OK"):
    return b"%s\r\n%s\r\n" % (first, fields)


LENGTH = b"Content-Length: 5\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

# Both lengths at once, and codings that one server knows and another does not.
SMUGGLING = [
    LENGTH + CHUNKED,
    CHUNKED + LENGTH,
    CHUNKED + CHUNKED,
    LENGTH + LENGTH,
    LENGTH + b"Content-Length: 6\r\n",
    LENGTH + b"content-length: 5\r\n",
    LENGTH + b"Content_Length: 6\r\n",
    LENGTH + b"Content-Length : 6\r\n",
    LENGTH + b"Content-Length\t: 6\r\n",
    LENGTH + b" Content-Length: 6\r\n",
    LENGTH + b"X: y\nContent-Length: 6\r\n",
    LENGTH + b"X: y\rContent-Length: 6\r\n",
    LENGTH + b"\nTransfer-Encoding: chunked\r\n",
    LENGTH + b"Transfer-Encoding : chunked\r\n",
    LENGTH + b"Transfer-Encoding\x0b: chunked\r\n",
    LENGTH + b"Transfer-Encoding\0: chunked\r\n",
    LENGTH + b" Transfer-Encoding: chunked\r\n",
    LENGTH + b"X:\r\n Transfer-Encoding: chunked\r\n",
    LENGTH + b"X: y\x85Transfer-Encoding: chunked\r\n",
    LENGTH + b"Transfer_Encoding: chunked\r\n",
    LENGTH + b"Transfer-Encoding: xchunked\r\n",
    LENGTH + b"Transfer-Encoding:\x0bchunked\r\n",
    LENGTH + b"Transfer-Encoding: \x0cchunked\r\n",
    LENGTH + b"Transfer-Encoding: chunked\0\r\n",
    LENGTH + b"Transfer-Encoding:\r\n chunked\r\n",
    LENGTH + b"Transfer-Encoding: \"chunked\"\r\n",
    b"Transfer-Encoding: chunked, identity\r\n" + LENGTH,
    b"Transfer-Encoding: identity\r\n" + LENGTH,
    b"Transfer-Encoding:\r\n" + LENGTH,
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity, chunked, chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked;x=y\r\n",
    b"Transfer-Encoding: chunked,\r\n",
    b"Transfer-Encoding: cHuNkEd \t\r\n",
    b"Transfer-Encoding\r\n: chunked\r\n",
    b"Content-Length: 5, 5\r\n",
    b"Content-Length: 5, 6\r\n",
    b"Content-Length: 5,\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: -0\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: 5\x0b\r\n",
    b"Content-Length: 5 6\r\n",
    b"Content-Length:\r\n 5\r\n",
    b"Content-Length: 1\r\n 0\r\n",
    b"Content-Length: 1_0\r\n",
    b"Content-Length: 18446744073709551621\r\n",
    b"Content-Length: 9223372036854775808\r\n",
    b"Content-Length: 0000000000000000000005\r\n",
    b"Content-Length: " + b"9" * 5000 + b"\r\n",
    b"Connection: close, keep-alive\r\n" + LENGTH,
    b"Connection: Content-Length\r\n" + LENGTH,
    b"Connection: Transfer-Encoding\r\n" + CHUNKED,
    b": x\r\n" + LENGTH,
    b"X\r\n" + LENGTH,
    b"\r\n" + LENGTH,
    b"X: y\r\n\r" + LENGTH,
    b"X: y\0\r\n" + LENGTH,
    b"X: y\x01\r\n" + LENGTH,
    b"X: y\x7f\r\n" + LENGTH,
    b"X: \x80\xff\r\n" + LENGTH,
    b"X\xff: y\r\n" + LENGTH,
    b"X: y\r\r\n" + LENGTH,
    b"X: y\n" + LENGTH,
    b"X: y\r\n" * 100,
    b"X: y\r\n" * 99,
    b"Expect: 100-continue\r\n" + LENGTH,
    b"Expect: 100-CONTINUE\r\n" + CHUNKED,
    b"Expect: 200-ok\r\n" + LENGTH,
    b"Expect: 100-continue\r\nExpect: 100-continue\r\n",
    b"Expect:\r\n",
    b"Expect: , 100-continue, 100-Continue,\r\n",
    b"Expect: 100-continue, 200-ok\r\n",
    b"X : y\r\n" + LENGTH,
    b"Connection: " + b"x, " * 400 + b"\r\n",
    b"Connection: " + b"close, " * 400 + b"\r\n",
    b"Host: b\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n",
]

TARGETS = (
    b"* ** a a:80 a/b http:// http:///p http://a http://a?q http://a/p?q https://a:443/ "
    b"http://u@a/ http://u:p@a/ http://[::1]:80/ http://[::1/ http://a:b/ http://a:/ "
    b"http://a:80:80/ ftp://a/ http:/a HTTP://A/ //a/p /../p /p#f http://a#f http://a/p#f /%00 "
    b"/\"<>\\^`{|} /? ?q #f http://a\\b/ http://%61/ javascript:0 mailto:a@b /a\x80 /a\x7f"
).split()
FIRST_LINES = [
    b"GET / HTTP/1.1", b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET / HTTP/1.1 ",
    b" GET / HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET /\tHTTP/1.1", b"GET /a b HTTP/1.1", b"GET /",
    b"GET", b"/ HTTP/1.1", b"GET / http/1.1", b"GET / HTTP/1.1x", b"GET / HTTP/1.10",
    b"GET / HTTP/01.1", b"GET / HTTP/1,1", b"GET / HTTP /1.1", b"GET / HTTP/1. 1",
    b"GET / HTTP/+1.1", b"GET / HTTP/1.1\r", b"GET / XTTP/1.1", b"G(T / HTTP/1.1",
    b"G\xc9T / HTTP/1.1", b"GET /\0 HTTP/1.1", b"\0GET / HTTP/1.1", b"PRI * HTTP/2.0",
    b"get / HTTP/1.1", b"CONNECT a:443 HTTP/1.1", b"CONNECT / HTTP/1.1", b"OPTIONS * HTTP/1.1",
]
HOSTS = (
    b"a a:80 a: :80 a:b a:80:80 a:-1 a:99999 [::1] [::1]:80 [::1 ::1] ::1 [::1]a [::g] "
    b"[v1.x] [1.2.3.4] u@a u:p@a a/b a?b a#b a,b a;b a\\b %61 %6 a%00 \"a\" (a) a\x80 a\x01 a{b}"
).split() + [b"", b"a b", b"a, b", b"a" * 300, b"a" * 301, b"a.example\tb"]

REQUESTS = (
    [post(fields) for fields in SMUGGLING]
    + [get(target=target) for target in TARGETS]
    + [get(target=target, method=b"OPTIONS") for target in TARGETS]
    + [get(target=target, method=b"CONNECT") for target in (b"a:443", b"a", b"/", b"http://a/")]
    + [get(target=b"http://" + b"a" * count + b"/") for count in (300, 301)]
    + [line + b"\r\n" + HOST + b"\r\n" for line in FIRST_LINES]
    + [get(host=b"Host: %s\r\n" % host) for host in HOSTS]
    + [get(host=b"Host: %s\r\n" % host, target=b"http://b/") for host in HOSTS]
    + [get(host=host, version=version) for host in (b"", HOST, HOST * 2)
       for version in b"0.9 1.0 1.1 1.2 1.9 2.0 3.0".split()]
    + [get(fields, version=version) for version in (b"1.0", b"1.2", b"1.9")
       for fields in (CHUNKED, LENGTH, LENGTH + CHUNKED, b"Connection: keep-alive\r\n",
                      b"Connection: close\r\n", b"Connection: keep-alive, close\r\n",
                      b"Expect: 100-continue\r\n" + LENGTH, b"Expect: x\r\n")]
    + [b"\r\n" * count + get() for count in range(1, 7)]
    + [start + get() for start in (b"\n", b"\r", b"\0", b" ", b"\r\n ", b"\r\n\n")]
    + [get().replace(b"\r\n", end) for end in ODD_ENDS]
    + [get()[:count] for count in range(len(get()) + 1)]
    + [get(b"X: %s\r\n" % (b"y" * count)) for count in (8_000, 20_000, 65_400, 65_536, 70_000)]
    + [get(target=b"/" + b"y" * count) for count in (8_000, 65_536)]
    + [b"\x16\x03\x01\x02\x00\x01\x00", b"", b"\r\n", b"\n\n", b"\r\n\r\n"]
)

STATUS_LINES = [
    b"HTTP/1.1 200 OK", b"HTTP/1.1 200 ", b"HTTP/1.1 200", b"HTTP/1.1  200 OK",
    b"HTTP/1.1 200  OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1 200\tOK", b"HTTP/1.1 20 OK",
    b"HTTP/1.1 2000 OK", b"HTTP/1.1 2x0 OK", b"HTTP/1.1 +20 OK", b"HTTP/1.1 200OK", b"HTTP/1.1 OK",
    b"HTTP/1.1", b"ICY 200 OK", b"http/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.2 200 OK",
    b"HTTP/0.9 200 OK", b"HTTP/2.0 200 OK", b"HTTP/2 200 OK", b"HTTP/1.1 000 OK",
    b"HTTP/1.1 099 OK", b"HTTP/1.1 100 OK", b"HTTP/1.1 101 OK", b"HTTP/1.1 103 OK",
    b"HTTP/1.1 204 OK", b"HTTP/1.1 205 OK", b"HTTP/1.1 304 OK", b"HTTP/1.1 599 OK",
    b"HTTP/1.1 600 OK", b"HTTP/1.1 999 OK", b"HTTP/1.1 200 \x80\xff", b"HTTP/1.1 200 O\0K",
    b"HTTP/1.1 200 O\x01K", b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 OK\r", b" HTTP/1.1 200 OK",
    b"\r\nHTTP/1.1 200 OK", b"HTTP/1.1 200 O\x7fK", b"HTTP/1.1 200 O\x0bK",
    b"HTTP/1.1 \xb2\xb0\xb0 OK",
]
RESPONSES = (
    [reply(fields) for fields in SMUGGLING]
    + [
        reply(fields + b"Connection: %s\r\n" % option, b"HTTP/1.0 200 OK")
        for fields in (b"", LENGTH, CHUNKED)
        for option in (b"", b"keep-alive", b"close, keep-alive")
    ]
    + [reply(fields, first) for first in STATUS_LINES for fields in (b"", LENGTH, CHUNKED)]
    + [reply(LENGTH).replace(b"\r\n", end) for end in ODD_ENDS]
    + [reply(LENGTH)[:count] for count in range(len(reply(LENGTH)) + 1)]
)

MESSAGES = [("q", data) for data in REQUESTS]
MESSAGES += [(kind, data) for kind in "sh" for data in RESPONSES]
