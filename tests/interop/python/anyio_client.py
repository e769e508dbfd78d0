"""A client of AnyIO: port, root, host; then into TLS and out of it again, or cut by its server."""

import ssl
import sys

import anyio
from anyio.streams.tls import TLSStream

port, root, host, *how = sys.argv[1:]


async def main():
    context = ssl.create_default_context(cafile=root)
    stream = await anyio.connect_tcp("127.0.0.1", int(port))
    if not how:
        await stream.send(b"STARTTLS")
        assert await stream.receive() == b"go on"
    tls = await TLSStream.wrap(stream, hostname=host, ssl_context=context)
    print("shaken", flush=True)
    if how:
        try:
            await tls.receive()
        except anyio.BrokenResourceError as error:
            print(type(error).__name__, flush=True)
        return
    await tls.send(b"secret\n")
    assert await tls.receive() == b"heard\n"
    stream, surplus = await tls.unwrap()
    assert surplus == b"", surplus
    await stream.send(b"in the clear")
    await stream.send_eof()
    try:
        await stream.receive()
    except anyio.EndOfStream:
        pass


anyio.run(main)
