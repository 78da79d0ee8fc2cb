/**
 * A client of the WebSocket API that stays subscribed: it connects again whenever the connection ends, which API Gateway
 * does after two hours at the latest, and subscribes again to what it had: what was refused is not part of it. In browsers
 * and in Node.js 22 and later; in earlier ones with a WebSocket as an option.
 *
 *     const session = new PriceSession({ url: signedUrl, onTick: ({ symbol, price }) => console.log(symbol, price) });
 *     session.subscribe(['KUMI', 'ACME']);
 */
export interface PriceSessionOptions {
  /** Gives the URL for each attempt: a signature in the query is good for five minutes, a ticket for one attempt. */
  readonly url: () => string | Promise<string>;
  readonly onTick: (tick: Tick) => void;
  /** Receives why a message was refused. @default nobody is told */
  readonly onRefused?: (reason: string) => void;
  /** @default the WebSocket of the platform */
  readonly WebSocket?: new (
    url: string,
  ) => Socket;
  /** Milliseconds that are waited at most before the first attempt to connect again; doubled for each one after. @default 500 */
  readonly retryMs?: number;
}

export interface Tick {
  readonly symbol: string;
  readonly price: number;
  /** Whole seconds since 1970. */
  readonly at: number;
}

/** What is used of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'message', listener: (event: { readonly data?: unknown }) => void): void;
}

/** Milliseconds between two attempts at the most. */
const MAX_RETRY_MS = 30_000;
/** Milliseconds in which each message is answered: the API waits no longer than 29 s for its handler. */
const ANSWER_MS = 30_000;
/** Milliseconds, up to twice as many, after which a message that failed or came too fast after others is sent again. */
const LATER_MS = 1_000;

interface Answer {
  /** Left out by API Gateway itself. */
  readonly type?: 'subscribed' | 'unsubscribed' | 'refused' | 'failed';
  readonly reason?: string;
  readonly retry?: 'later' | 'connected again';
  readonly all?: readonly string[];
}

interface Message {
  readonly action: 'subscribe' | 'unsubscribe';
  readonly symbols: readonly string[];
}

export class PriceSession {
  /** What the connection has, in the words of its last answer. */
  private confirmed: readonly string[] = [];
  /**
   * What is still to be answered, the first of it under way: one at a time, since an answer does not say which message it
   * is to. Each call stays a message of its own, so what is refused takes nothing else with it.
   */
  private readonly queue: Message[] = [];
  private underWay?: ReturnType<typeof setTimeout>;
  /** Symbols that were unsubscribed: a tick of one that was under way may still come. */
  private readonly left = new Set<string>();
  private socket?: Socket;
  private open = false;
  private ended = false;
  private failures = 0;
  private lastSequence = 0;

  /** @throws if there is no WebSocket: Node.js has one from version 22 on */
  constructor(private readonly options: PriceSessionOptions) {
    if (options.WebSocket === undefined && globalThis.WebSocket === undefined) {
      throw new Error(
        'WebSocket: this platform has none. Run Node.js 22 or later, or give one as an option, as in { WebSocket } of the package ws.',
      );
    }
    void this.connect();
  }

  subscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) this.left.delete(symbol);
    this.send({ action: 'subscribe', symbols });
  }

  unsubscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) this.left.add(symbol);
    this.send({ action: 'unsubscribe', symbols });
  }

  close(): void {
    this.ended = true;
    clearTimeout(this.underWay);
    this.socket?.close();
  }

  private async connect(): Promise<void> {
    const { url, WebSocket = globalThis.WebSocket } = this.options;
    let socket: Socket;
    try {
      socket = new WebSocket(await url());
    } catch {
      return this.again();
    }
    if (this.ended) return socket.close();
    this.socket = socket;
    socket.addEventListener('open', () => {
      this.open = true;
      this.failures = 0;
      // What was taken before is so again: all in one message, which counts as one.
      if (this.confirmed.length > 0) this.queue.unshift({ action: 'subscribe', symbols: this.confirmed });
      this.confirmed = [];
      this.sendNext();
    });
    socket.addEventListener('message', ({ data }) => this.receive(String(data)));
    // A connection that cannot be made ends, too.
    socket.addEventListener('close', () => this.again());
  }

  /** Waits by chance: clients that lost their connections together do not come back together. */
  private again(): void {
    this.open = false;
    clearTimeout(this.underWay);
    if (this.ended) return;
    const longest = Math.min(MAX_RETRY_MS, (this.options.retryMs ?? 500) * 2 ** this.failures++);
    setTimeout(() => void this.connect(), Math.random() * longest);
  }

  private send(message: Message): void {
    this.queue.push(message);
    if (this.queue.length === 1) this.sendNext();
  }

  private sendNext(): void {
    const [message] = this.queue;
    if (!this.open || message === undefined) return;
    this.socket?.send(JSON.stringify(message));
    // Without an answer nobody knows what the connection has: a new one has nothing.
    this.underWay = setTimeout(() => this.socket?.close(), ANSWER_MS);
  }

  private receive(text: string): void {
    const message = JSON.parse(text);
    if (message.type === 'ticks') this.tell(message);
    else this.answer(message);
  }

  /** Whatever is no message of ticks is the answer to the one that is under way. */
  private answer({ type, reason = '', retry, all = [] }: Answer): void {
    clearTimeout(this.underWay);
    if (retry === 'connected again') {
      this.socket?.close();
      return;
    }
    // Without a type it is API Gateway that answers: it throttled the message, or got nothing from the handler.
    if (type === 'failed' || type === undefined || retry === 'later') {
      this.underWay = setTimeout(() => this.sendNext(), LATER_MS * (1 + Math.random()));
      return;
    }
    this.queue.shift();
    if (type === 'refused') this.options.onRefused?.(reason);
    else this.confirmed = all;
    this.sendNext();
  }

  private tell({ sequence, ticks }: { readonly sequence: number; readonly ticks: readonly Tick[] }): void {
    // A message that API Gateway could not confirm is sent again: the sequence tells.
    if (sequence <= this.lastSequence) return;
    this.lastSequence = sequence;
    for (const tick of ticks) if (!this.left.has(tick.symbol)) this.options.onTick(tick);
  }
}
