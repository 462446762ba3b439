"""The app that tests put behind lbd, run by uvicorn: what a real one does with requests."""

import asyncio
import hashlib
import signal

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import StreamingResponse

# A test's threads block signals, and their children begin so; uvicorn stops at one.
signal.pthread_sigmask(signal.SIG_SETMASK, [])

app = FastAPI()

LETTERS = b"abcdefghijklmnopqrstuvwxyz" * 1000
"""What downloads repeat; the tests know its beginning."""

releases = asyncio.Semaphore(0)
"""How many more events may go out; the tests raise it."""

seen = {"streams": 0, "raised": 0, "closes": []}
"""What happened here, for the tests to ask."""


@app.get("/health")
async def health():
    return {}


@app.get("/seen")
async def tell():
    return seen


@app.api_route("/json", methods=["GET", "HEAD", "POST"])
async def plain(request: Request):
    return {"message": "hello", "body": (await request.body()).decode()}


@app.api_route("/request", methods=["GET", "OPTIONS"])
async def describe(request: Request):
    return {
        "path": request.scope["raw_path"].decode(),
        "query": request.scope["query_string"].decode(),
        "client": list(request.client),
        "url": str(request.url),
        "fields": [[name.decode(), value.decode()] for name, value in request.headers.raw],
    }


@app.api_route("/upload", methods=["POST", "PUT"])
async def upload(request: Request):
    digest, length = hashlib.sha256(), 0
    async for piece in request.stream():
        digest.update(piece)
        length += len(piece)
    return {"sha256": digest.hexdigest(), "length": length}


@app.api_route("/refuse", methods=["POST", "PUT"])
async def refuse():
    """Answers without reading the body."""
    return Response("too much", status_code=413)


@app.get("/download")
async def download(size: int):
    async def pieces():
        # No whole number of alphabets, and none of anyone's buffers.
        step = 10_007
        for begin in range(0, size, step):
            phase = begin % 26
            yield LETTERS[phase : phase + min(step, size - begin)]

    return StreamingResponse(pieces(), media_type="application/octet-stream")


@app.get("/broken")
async def broken():
    async def pieces():
        yield b"first half"
        raise RuntimeError("no second half")

    return StreamingResponse(pieces())


@app.api_route("/raise", methods=["GET", "POST"])
async def fail():
    seen["raised"] += 1
    raise RuntimeError("raised as asked")


@app.get("/nothing")
async def nothing():
    return Response(status_code=204)


@app.get("/unchanged")
async def unchanged():
    return Response(status_code=304, headers={"ETag": '"one"'})


@app.get("/cookies")
async def cookies(response: Response):
    response.set_cookie("first", "1")
    response.set_cookie("second", "2")
    return {}


@app.get("/events")
async def events(count: int):
    async def produce():
        seen["streams"] += 1
        try:
            for number in range(count):
                await releases.acquire()
                yield f"id: {number}\ndata: event {number}\n\n"
        finally:
            seen["streams"] -= 1

    return StreamingResponse(produce(), media_type="text/event-stream")


@app.post("/events/release")
async def release():
    releases.release()
    return {}


@app.websocket("/ws")
async def echo(socket: WebSocket):
    wanted = socket.scope["subprotocols"]
    await socket.accept(subprotocol=wanted[0] if wanted else None)
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        text = message.get("text")
        if text is None:
            await socket.send_bytes(message["bytes"])
        elif text.startswith("close "):
            await socket.close(int(text.removeprefix("close ")))
            return
        else:
            await socket.send_text(text)
    seen["closes"].append(message["code"])


@app.websocket("/ws/refused")
async def reject(socket: WebSocket):
    await socket.close()
