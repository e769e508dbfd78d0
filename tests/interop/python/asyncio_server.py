"""A server of an echo with asyncio: certificate, key, root of its clients."""

import asyncio
import ssl
import sys

certificate, key, root = sys.argv[1:]


async def echo(reader, writer):
    tls = writer.get_extra_info("ssl_object")
    subject = dict(pair for (pair,) in tls.getpeercert()["subject"])
    print("agreed", tls.version(), tls.cipher()[0], tls.selected_alpn_protocol(), subject["commonName"], flush=True)
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()
    await writer.wait_closed()
    print("ended in good order", flush=True)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=root)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["echo"])
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
