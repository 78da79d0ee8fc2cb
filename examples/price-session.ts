/**
 * A client of the WebSocket API that stays subscribed: it connects again whenever the connection ends, which API Gateway
 * does after two hours at the latest, and subscribes again to what it had. In browsers and in Node.js 22 and later.
 *
 *     const session = new PriceSession({ url: signedUrl, onTick: ({ symbol, price }) => console.log(symbol, price) });
 *     session.subscribe(['KUMI', 'ACME']);
 */
export interface PriceSessionOptions {
  /** Gives the URL for each attempt: a signature in the query is good for five minutes, a ticket for one attempt. */
  readonly url: () => string | Promise<string>;
  readonly onTick: (tick: { readonly symbol: string; readonly price: number; readonly at: number }) => void;
  /** Receives why a message was refused. @default nobody is told */
  readonly onRefused?: (reason: string) => void;
  /** @default the WebSocket of the platform */
  readonly WebSocket?: new (
    url: string,
  ) => Socket;
  /** Milliseconds that are waited at most before the first attempt to connect again; doubled for each one after. @default 500 */
  readonly retryMs?: number;
}

/** What is used of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'message', listener: (event: { readonly data?: unknown }) => void): void;
}

/** Milliseconds between two attempts at the most. */
const MAX_RETRY_MS = 30_000;

export class PriceSession {
  private readonly wanted = new Set<string>();
  private socket?: Socket;
  private open = false;
  private ended = false;
  private failures = 0;
  private lastSequence = 0;

  constructor(private readonly options: PriceSessionOptions) {
    void this.connect();
  }

  subscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) this.wanted.add(symbol);
    this.send('subscribe', symbols);
  }

  unsubscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) this.wanted.delete(symbol);
    this.send('unsubscribe', symbols);
  }

  close(): void {
    this.ended = true;
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
      // All in one message, which counts as one; what is subscribed already stays as it is.
      if (this.wanted.size > 0) this.send('subscribe', [...this.wanted]);
    });
    socket.addEventListener('message', ({ data }) => this.receive(String(data)));
    // A connection that cannot be made ends, too.
    socket.addEventListener('close', () => this.again());
  }

  /** Waits by chance: clients that lost their connections together do not come back together. */
  private again(): void {
    this.open = false;
    if (this.ended) return;
    const longest = Math.min(MAX_RETRY_MS, (this.options.retryMs ?? 500) * 2 ** this.failures++);
    setTimeout(() => void this.connect(), Math.random() * longest);
  }

  private send(action: string, symbols: readonly string[]): void {
    if (this.open) this.socket?.send(JSON.stringify({ action, symbols }));
  }

  private receive(text: string): void {
    const message = JSON.parse(text);
    if (message.type === 'refused') this.options.onRefused?.(message.reason);
    // A message that API Gateway could not confirm is sent again: the sequence tells.
    if (message.type !== 'ticks' || message.sequence <= this.lastSequence) return;
    this.lastSequence = message.sequence;
    // One that was under way when its symbol was unsubscribed may still come.
    for (const tick of message.ticks) if (this.wanted.has(tick.symbol)) this.options.onTick(tick);
  }
}
