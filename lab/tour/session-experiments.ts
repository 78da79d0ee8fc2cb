import { setTimeout as sleep } from 'node:timers/promises';
import { pathTo } from '../../domain/routes';
import { Failure, type Words } from '../../ops/kit/language';
import type { Deployment } from './deployment';
import type { Experiment, Observation } from './experiment';
import { fanOut } from './fan-out';
import { messages, statements } from './messages';
import type { Session, Sessions } from './session';

const experiments: readonly Experiment[] = [
  {
    path: messages.connectUnsigned,
    proves: statements.unsignedConnections,
    run: async ({ sessions }) => {
      const from = performance.now();
      const status: unknown = await sessions?.open('none').then(
        (session) => session.close().then(() => 'connected'),
        (error: { status?: number }) => error.status,
      );
      return {
        status: String(status),
        milliseconds: performance.now() - from,
        problem: status === 403 ? undefined : messages.notRefused({ status: String(status) }),
      };
    },
  },
  {
    path: messages.subscribeTwice,
    proves: statements.storedOnce,
    run: withSession(async (session, sessions) => {
      const symbol = ownSymbol();
      const from = performance.now();
      const first = await ask(session, { action: 'subscribe', symbols: [symbol] });
      const milliseconds = performance.now() - from;
      const second = await ask(session, { action: 'subscribe', symbols: [symbol, symbol] });
      const all = JSON.stringify([first['all'], second['all']]);
      const subscribers = await sessions.subscribersOf(symbol);
      return {
        status: String(first['type']),
        milliseconds,
        problem:
          all === JSON.stringify([[symbol], [symbol]]) && subscribers.length === 1
            ? undefined
            : messages.wrongSubscriptions({ symbols: all, number: subscribers.length }),
      };
    }),
  },
  {
    path: messages.threeTicks,
    proves: statements.ticksInOrder,
    run: withSession(async (session, sessions, { get }) => {
      await ask(session, { action: 'subscribe', symbols: ['KUMI'] });
      // Waits for the run first, so that its failure is reported. Messages that arrive in the meantime stay available.
      await sessions.tick(3);
      const ticks = [];
      for (let count = 0; count < 3; count++) ticks.push((await session.next('ticks', TICK_MS)).body);
      const sequences = ticks.map(({ sequence }) => Number(sequence));
      const inOrder = sequences.every((sequence, index) => index === 0 || sequence > (sequences[index - 1] ?? 0));
      const [tick] = Array.isArray(ticks[0]?.['ticks']) ? ticks[0]['ticks'] : [];
      const { price } = (await get(pathTo('quote', 'KUMI', { at: tick?.at }))).body;
      return {
        status: messages.ticks({ number: ticks.length }),
        problem: !inOrder
          ? messages.wrongSequence({ sequence: sequences.join(', ') })
          : tick?.symbol === 'KUMI' && tick.price === price
            ? undefined
            : messages.wrongTick({ tick: JSON.stringify(tick) ?? '', price: String(price) }),
      };
    }),
  },
  {
    path: messages.unsubscribe,
    proves: statements.noTicks,
    run: withSession(async (session, sessions) => {
      const symbol = ownSymbol();
      await ask(session, { action: 'subscribe', symbols: [symbol] });
      const { type } = await ask(session, { action: 'unsubscribe', symbols: [symbol] });
      const before = session.messages.length;
      await sessions.tick(1);
      await sleep(SETTLE_MS);
      const more = session.messages.length - before;
      return {
        status: String(type),
        problem:
          type === 'unsubscribed' && more === 0
            ? undefined
            : messages.moreMessages({ type: String(type), number: more }),
      };
    }),
  },
  ...[
    refused(messages.text, 'hello'),
    refused(messages.unknownAction, { action: '$connect' }),
    refused(messages.badSymbol, { action: 'subscribe', symbols: ['kumi'] }),
    refused(messages.tooManySymbols, {
      action: 'subscribe',
      symbols: Array.from({ length: 1_000 }, (_, n) => `S${n}`),
    }),
  ],
  {
    path: messages.manyConnections,
    proves: statements.everyTick,
    run: async ({ sessions, connections = CONNECTIONS }) => {
      if (sessions === undefined) throw new Failure(messages.noWebSocketApi);
      const { expected, delivered, ...wrong } = await fanOut(sessions, { connections, symbols: 20, periods: 2 });
      const { lost, duplicated, outOfOrder } = wrong;
      const fine = lost === 0 && duplicated === 0 && outOfOrder === 0;
      return {
        status: messages.delivered({ connections, delivered }),
        problem: fine ? undefined : messages.wrongTicks({ expected, ...wrong }),
      };
    },
  },
  {
    path: messages.disconnect,
    proves: statements.nothingLeft,
    run: async ({ sessions }) => {
      if (sessions === undefined) throw new Failure(messages.noWebSocketApi);
      const session = await sessions.open();
      const symbol = ownSymbol();
      await ask(session, { action: 'subscribe', symbols: [symbol] });
      const [id] = await sessions.subscribersOf(symbol);
      await session.close();
      if (id === undefined) return { status: messages.missing, problem: messages.notInTable };
      const from = performance.now();
      const remains = async () => (await sessions.isConnected(id)) || (await sessions.subscribersOf(symbol)).length > 0;
      while ((await remains()) && performance.now() - from < GONE_MS) await sleep(100);
      const left = await remains();
      return {
        status: left ? messages.stored : messages.gone,
        milliseconds: performance.now() - from,
        problem: left ? messages.stillInTable({ milliseconds: GONE_MS }) : undefined,
      };
    },
  },
];

/**
 * Experiments with the WebSocket API. They invoke the function of the ticker, because the ticker may have no schedule and
 * the local endpoint runs none. Where a schedule runs too, only one of the two runs publishes.
 */
export const sessionExperiments: readonly Experiment[] = experiments.map((experiment) => ({
  ...experiment,
  appliesTo: ({ sessions }: Deployment) => sessions !== undefined,
}));

/** Default number of connections. A local endpoint takes 0.1 s to register each one. `--connections` changes the number. */
const CONNECTIONS = 10;
/** Timeout for one tick in milliseconds. A scheduled run begins within two minutes. */
const TICK_MS = 120_000;
/** Milliseconds within which a sent message arrives. */
const SETTLE_MS = 500;
/** Milliseconds within which $disconnect is handled. */
const GONE_MS = 10_000;

function refused(what: Words, message: unknown): Experiment {
  return {
    path: messages.webSocketMessage({ what }),
    proves: statements.malformed,
    run: withSession(async (session) => {
      const from = performance.now();
      session.send(message);
      const { body } = await session.next('refused');
      const milliseconds = performance.now() - from;
      const reason = typeof body['reason'] === 'string' ? undefined : messages.noReason({ body: JSON.stringify(body) });
      return { status: 'refused', milliseconds, problem: reason };
    }),
  };
}

/** A symbol to which no other client has subscribed. */
function ownSymbol(): string {
  return `T${Math.floor(Math.random() * 1e9)}`;
}

async function ask(
  session: Session,
  message: { action: string; symbols: string[] },
): Promise<Session['messages'][0]['body']> {
  session.send(message);
  return (await session.next(`${message.action}d`)).body;
}

function withSession(
  run: (session: Session, sessions: Sessions, deployment: Deployment) => Promise<Observation>,
): Experiment['run'] {
  return async (deployment) => {
    if (deployment.sessions === undefined) throw new Failure(messages.noWebSocketApi);
    const session = await deployment.sessions.open();
    try {
      return await run(session, deployment.sessions, deployment);
    } finally {
      await session.close();
    }
  };
}
