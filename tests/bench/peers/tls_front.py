"""A TLS front: takes connections on a free port of loopback, which it prints, and hands the plain bytes on to `port`. Usage: chain key port"""

import asyncio
import ssl
import sys


async def pour(source, sink):
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


async def main(chain, key, port):
    async def take(reader, writer):
        plain_reader, plain_writer = await asyncio.open_connection("127.0.0.1", int(port))
        await asyncio.gather(pour(reader, plain_writer), pour(plain_reader, writer), return_exceptions=True)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
