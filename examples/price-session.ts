/**
 * A client of the WebSocket API that stays subscribed. Whenever the connection ends, the client connects again and restores
 * its confirmed subscriptions. API Gateway ends every connection after two hours at the latest. The client runs in browsers
 * and in Node.js 22 and later. An earlier Node.js needs the option `WebSocket`.
 *
 *     const session = new PriceSession({ url: signedUrl, onTick: ({ symbol, price }) => console.log(symbol, price) });
 *     session.subscribe(['KUMI', 'ACME']);
 */
export interface PriceSessionOptions {
  /**
   * Returns the URL for one attempt. Each attempt needs a new URL, because a signature is valid for five minutes and a
   * ticket once.
   */
  readonly url: () => string | Promise<string>;
  readonly onTick: (tick: Tick) => void;
  /** Receives the reason when the API refuses a message. @default refusals are ignored */
  readonly onRefused?: (reason: string) => void;
  /** @default the WebSocket of the platform */
  readonly WebSocket?: new (
    url: string,
  ) => Socket;
  /**
   * Longest pause before the first attempt to connect again, in milliseconds. The value doubles with each attempt.
   *
   * @default 500
   */
  readonly retryMs?: number;
}

export interface Tick {
  readonly symbol: string;
  readonly price: number;
  /** Whole seconds since 1970. */
  readonly at: number;
}

/** The part of a WebSocket that the client uses. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'message', listener: (event: { readonly data?: unknown }) => void): void;
}

/** Longest pause between two attempts to connect. */
const MAX_RETRY_MS = 30_000;
/** A message without an answer after this time has failed. The API waits at most 29 s for its handler. */
const ANSWER_TIMEOUT_MS = 30_000;
/**
 * Shortest pause before a message is sent again, because it failed or came too fast after others. The longest is twice as
 * long.
 */
const RESEND_MS = 1_000;

interface Answer {
  /** Undefined if API Gateway itself answers. */
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
  /** Subscriptions of the connection, as the last answer of the API lists them. */
  private confirmed: readonly string[] = [];
  /**
   * Messages that have no answer yet. Only the first is sent, because an answer does not name its message. The calls of
   * `subscribe` and `unsubscribe` are not merged, because the API refuses a message as a whole.
   */
  private readonly queue: Message[] = [];
  private timer?: ReturnType<typeof setTimeout>;
  /** Unsubscribed symbols. A tick that was sent before the API processed the message may still arrive. */
  private readonly unsubscribed = new Set<string>();
  private socket?: Socket;
  private open = false;
  private closed = false;
  private failures = 0;
  private lastSequence = 0;

  /** @throws if the platform has no WebSocket and the options give none. Node.js has one from version 22 on */
  constructor(private readonly options: PriceSessionOptions) {
    if (options.WebSocket === undefined && globalThis.WebSocket === undefined) {
      throw new Error(
        'WebSocket: this platform has none. Run Node.js 22 or later, or give a WebSocket as an option, for example that of the package ws.',
      );
    }
    void this.connect();
  }

  subscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) this.unsubscribed.delete(symbol);
    this.send({ action: 'subscribe', symbols });
  }

  unsubscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) this.unsubscribed.add(symbol);
    this.send({ action: 'unsubscribe', symbols });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private async connect(): Promise<void> {
    const { url, WebSocket = globalThis.WebSocket } = this.options;
    let socket: Socket;
    try {
      socket = new WebSocket(await url());
    } catch {
      return this.reconnect();
    }
    if (this.closed) return socket.close();
    this.socket = socket;
    socket.addEventListener('open', () => {
      this.open = true;
      this.failures = 0;
      // One message restores all confirmed subscriptions, so it counts as one message against the rate limit.
      if (this.confirmed.length > 0) this.queue.unshift({ action: 'subscribe', symbols: this.confirmed });
      this.confirmed = [];
      this.sendNext();
    });
    socket.addEventListener('message', ({ data }) => this.receive(String(data)));
    // A failed attempt to connect emits close, too.
    socket.addEventListener('close', () => this.reconnect());
  }

  /** Connects after a random pause, so that clients that lost their connections together do not all return together. */
  private reconnect(): void {
    this.open = false;
    clearTimeout(this.timer);
    if (this.closed) return;
    const longestPause = Math.min(MAX_RETRY_MS, (this.options.retryMs ?? 500) * 2 ** this.failures++);
    setTimeout(() => void this.connect(), Math.random() * longestPause);
  }

  private send(message: Message): void {
    this.queue.push(message);
    if (this.queue.length === 1) this.sendNext();
  }

  private sendNext(): void {
    const [message] = this.queue;
    if (!this.open || message === undefined) return;
    this.socket?.send(JSON.stringify(message));
    // Without an answer, the subscriptions of the connection are unknown. Those of a new connection are known: none.
    this.timer = setTimeout(() => this.socket?.close(), ANSWER_TIMEOUT_MS);
  }

  private receive(text: string): void {
    const message = JSON.parse(text);
    if (message.type === 'ticks') this.receiveTicks(message);
    else this.receiveAnswer(message);
  }

  /** Every message without ticks is the answer to the first message of the queue. */
  private receiveAnswer({ type, reason = '', retry, all = [] }: Answer): void {
    clearTimeout(this.timer);
    if (retry === 'connected again') {
      this.socket?.close();
      return;
    }
    // An answer without a type is from API Gateway, which throttled the message or got no answer from the handler.
    if (type === 'failed' || type === undefined || retry === 'later') {
      this.timer = setTimeout(() => this.sendNext(), RESEND_MS * (1 + Math.random()));
      return;
    }
    this.queue.shift();
    if (type === 'refused') this.options.onRefused?.(reason);
    else this.confirmed = all;
    this.sendNext();
  }

  private receiveTicks({ sequence, ticks }: { readonly sequence: number; readonly ticks: readonly Tick[] }): void {
    // The ticker sends a message again if API Gateway could not confirm the delivery. A repeated message has an old
    // sequence.
    if (sequence <= this.lastSequence) return;
    this.lastSequence = sequence;
    for (const tick of ticks) if (!this.unsubscribed.has(tick.symbol)) this.options.onTick(tick);
  }
}
