import { once } from 'node:events';
import { createServer } from 'node:net';

// get-port does the same as `freePort`, but it is an ES module without a CommonJS build, which Jest cannot load
// untransformed. It also cannot hold ports against other processes, as `holdPort` does.

/** A port of 127.0.0.1 that the system gives to no other process until it is released. */
export interface HeldPort {
  readonly port: number;
  release(): Promise<unknown>;
}

/** Finds a free port and keeps it. Ports that are held at the same time differ. */
export async function holdPort(): Promise<HeldPort> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server on 127.0.0.1 has no port.');
  return { port: address.port, release: () => once(server.close(), 'close') };
}

/** Finds a free port of 127.0.0.1. Another process may take it before the caller does. */
export async function freePort(): Promise<number> {
  const { port, release } = await holdPort();
  await release();
  return port;
}
