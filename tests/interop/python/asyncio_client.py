"""A client of asyncio: port, root, host, certificate and key of its own."""

import asyncio
import ssl
import sys

port, root, host, certificate, key = sys.argv[1:]


async def main():
    context = ssl.create_default_context(cafile=root)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["other", "echo"])
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port), ssl=context, server_hostname=host)
    tls = writer.get_extra_info("ssl_object")
    subject = dict(pair for (pair,) in tls.getpeercert()["subject"])
    print("agreed", tls.version(), tls.cipher()[0], tls.selected_alpn_protocol(), subject["commonName"], flush=True)
    writer.write(b"hello\n")
    print("received", (await reader.readline()).decode().strip(), flush=True)
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
