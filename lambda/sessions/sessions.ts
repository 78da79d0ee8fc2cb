import { BadRequest } from '../../domain/requests';
import { logger } from '../logger';
import { parseMessage, UNDERSTOOD } from './messages';
import { SessionStore } from './store';
import { ANSWER_MS } from './timeouts';

/** The parts of a WebSocket API's event that the handler reads. */
export interface SessionEvent {
  readonly requestContext: {
    readonly connectionId: string;
    /** Id of the message or connection in the access log of the API. */
    readonly requestId?: string;
    readonly eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT';
  };
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** The part of an invocation's context that the handler reads. */
export interface Invocation {
  getRemainingTimeInMillis(): number;
}

export interface SessionsOptions {
  /** Symbols per connection. */
  readonly maxSymbols: number;
  /** Messages that a connection may send within one second of the clock. */
  readonly messagesPerSecond: number;
  /** Is called for each message that failed, because Lambda counts an answered message as a success. */
  readonly onFailure?: () => void;
}

interface Refusal {
  readonly type: 'refused';
  readonly reason: string;
  /** When the same message may succeed. Left out where the message never will. */
  readonly retry?: 'later' | 'connected again';
  readonly understood?: typeof UNDERSTOOD;
}

export type Answer =
  | {
      readonly type: 'subscribed' | 'unsubscribed';
      readonly symbols: readonly string[];
      readonly all: readonly string[];
    }
  | Refusal
  | { readonly type: 'failed'; readonly reason: string };

export interface Reply {
  readonly statusCode: number;
  readonly body?: string;
}

/**
 * Serves the routes of a WebSocket API. The event's type and the message decide what to do, never the route key, because a
 * message may name any route as its action, `$connect` among them.
 *
 * A connection event that fails is an error of the function, so that API Gateway refuses the connection. A message that
 * fails is answered and logged as an error. Both happen before Lambda would end the invocation, because an invocation that
 * Lambda ends answers nothing and counts nothing.
 *
 * @param storeUntil creates a store whose calls end when the signal is aborted
 */
export function sessions(
  storeUntil: (signal: AbortSignal) => SessionStore,
  options: SessionsOptions,
): (event: SessionEvent, invocation: Invocation) => Promise<Reply> {
  return async ({ requestContext: { connectionId, eventType }, body = '', isBase64Encoded = false }, invocation) => {
    const store = storeUntil(AbortSignal.timeout(Math.max(0, invocation.getRemainingTimeInMillis() - ANSWER_MS)));
    if (eventType === 'CONNECT') {
      await store.connect(connectionId);
      return { statusCode: 200 };
    }
    if (eventType === 'DISCONNECT') {
      await store.disconnect(connectionId);
      return { statusCode: 200 };
    }
    const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
    const reply = await answer(store, options, connectionId, text).catch((error: unknown): Answer => {
      logger.error('internal error', { connectionId, error });
      options.onFailure?.();
      return { type: 'failed', reason: 'internal error; try again' };
    });
    logger.info('answered', {
      connectionId,
      reply: reply.type,
      reason: 'reason' in reply ? reply.reason : undefined,
    });
    return { statusCode: 200, body: JSON.stringify(reply) };
  };
}

async function answer(store: SessionStore, options: SessionsOptions, id: string, text: string): Promise<Answer> {
  const { maxSymbols, messagesPerSecond } = options;
  const count = await store.countMessage(id, messagesPerSecond);
  if (count === 'too many') {
    return refused(`at most ${messagesPerSecond} messages a second; send this one again later`, 'later');
  }
  if (count === 'not connected') return NOT_CONNECTED;
  try {
    const { action, symbols } = parseMessage(text, maxSymbols);
    const subscribing = action === 'subscribe';
    const change = await (subscribing ? store.subscribe(id, symbols, maxSymbols) : store.unsubscribe(id, symbols));
    if ('symbols' in change) {
      return { type: subscribing ? 'subscribed' : 'unsubscribed', symbols, all: change.symbols };
    }
    if (change.refused === 'not connected') return NOT_CONNECTED;
    return refused(`at most ${maxSymbols} symbols a connection; none was added`);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return { ...refused(error.message), understood: UNDERSTOOD };
  }
}

function refused(reason: string, retry?: Refusal['retry']): Refusal {
  return { type: 'refused', reason, retry };
}

const NOT_CONNECTED = refused('this connection has ended; connect again', 'connected again');
