"""A server of an echo with AnyIO: certificate, key, root of its clients. The line `end` ends it."""

import ssl
import sys

import anyio
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSListener

certificate, key, root = sys.argv[1:]


async def echo(stream):
    async with stream:
        subject = dict(pair for (pair,) in stream.extra(TLSAttribute.peer_certificate)["subject"])
        version, alpn = stream.extra(TLSAttribute.tls_version), stream.extra(TLSAttribute.alpn_protocol)
        print("agreed", version, alpn, subject["commonName"], flush=True)
        while (received := await stream.receive()) != b"end\n":
            await stream.send(received)
    print("ended in good order", flush=True)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=root)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["echo"])
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    print("listening", listener.extra(SocketAttribute.local_port), flush=True)
    await TLSListener(listener, context).serve(echo)


anyio.run(main)
