"""Clients that tests send through lbd: what Python's own and the websockets package do.

Run as `client.py NAME PORT`; prints one line of JSON."""

import asyncio
import http.client
import json
import sys
import urllib.error
import urllib.request

import websockets

PIECE = b"abcdefghijklmnopqrstuvwxyz"


def kept(port):
    """Requests of several kinds on one connection of http.client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.connect()
    socket = connection.sock
    results = []

    def ask(method, target, **more):
        connection.request(method, target, **more)
        response = connection.getresponse()
        results.append([method, response.status, len(response.read())])

    ask("GET", "/json")
    ask("HEAD", "/json")
    ask("POST", "/json", body=b"x" * 100)
    ask("GET", "/nothing")
    ask("GET", "/unchanged")
    ask("GET", "/download?size=100000")
    ask("GET", "/no-such")
    ask("GET", "/json")
    return {"results": results, "same": connection.sock is socket}


def chunks(port):
    """An upload whose length http.client does not know, which it sends in chunks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    pieces = (PIECE * 1000 for _ in range(200))
    connection.request("POST", "/upload", body=pieces, encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
    return json.load(connection.getresponse())


def opened(port):
    """urllib.request: a connection for each, errors as exceptions, a redirect followed."""
    base = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{base}/json/", timeout=10) as response:
        final, body = response.url, json.load(response)
    with urllib.request.urlopen(f"{base}/json", data=b"posted", timeout=10) as response:
        posted = json.load(response)["body"]
    try:
        urllib.request.urlopen(f"{base}/raise", timeout=10)
        status = 200
    except urllib.error.HTTPError as error:
        status = error.code
    return {"final": final, "message": body["message"], "posted": posted, "status": status}


async def converse(port):
    """A WebSocket of the websockets package."""
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws", subprotocols=["one", "two"],
                                  max_size=None, open_timeout=10) as socket:
        await socket.send("text äöü")
        text = await socket.recv()
        large = bytes(range(256)) * 4096
        await socket.send(large)
        is_whole = await socket.recv() == large
        await socket.send([PIECE] * 100)
        fragments = len(await socket.recv())
        await (await socket.ping(b"ping"))
        many = [f"message {number}" for number in range(200)]
        for message in many:
            await socket.send(message)
        in_order = [await socket.recv() for _ in many] == many
    return {"text": text, "whole": is_whole, "fragments": fragments, "inOrder": in_order,
            "subprotocol": socket.subprotocol, "code": socket.close_code}


async def closed(port):
    """A WebSocket that the app closes."""
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws", open_timeout=10) as socket:
        await socket.send("close 4002")
        try:
            await socket.recv()
        except websockets.ConnectionClosed:
            pass
    return {"code": socket.close_code}


CLIENTS = {
    "kept": kept,
    "chunks": chunks,
    "opened": opened,
    "websocket": lambda port: asyncio.run(converse(port)),
    "websocket-closed": lambda port: asyncio.run(closed(port)),
}

print(json.dumps(CLIENTS[sys.argv[1]](int(sys.argv[2]))))
