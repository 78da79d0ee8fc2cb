import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Any Kubernetes object, with the fields that the proof reads. */
export interface Item {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    /** Rises with each change of the desired state, not of the observed state. */
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec?: {
    readonly nodeName?: string;
    readonly replicas?: number;
    readonly containers?: readonly {
      readonly resources?: { readonly requests?: Readonly<Record<string, string | number>> };
    }[];
    readonly ports?: readonly { readonly nodePort?: number }[];
    readonly [field: string]: unknown;
  };
  readonly endpoints?: readonly { readonly conditions: { readonly ready?: boolean } }[];
  readonly ports?: readonly { readonly port?: number }[];
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly disruptionsAllowed?: number;
    readonly phase?: string;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly observedGeneration?: number;
    readonly currentMetrics?: readonly {
      readonly resource?: { readonly current: { readonly averageUtilization?: number } };
    }[];
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Direct requests to the API server. kubectl would take half a second of CPU for each request. */
export class Api {
  private readonly agent: Agent;

  constructor(
    private readonly port: number,
    certificates: string,
  ) {
    const read = (name: string) => readFileSync(join(certificates, name));
    this.agent = new Agent({ keepAlive: true, ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') });
  }

  /** @throws if the server does not answer */
  send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.agent, host: '127.0.0.1', port: this.port, path, method, timeout: 10_000 };
      const sent = request({ ...options, headers: body === undefined ? {} : { 'content-type': type } }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in 10 s`)));
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** @throws with the message of the server, unless the request succeeds */
  async change(method: string, path: string, body?: unknown, type?: string): Promise<void> {
    const { status, text } = await this.send(method, path, body, type);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${messageOf(text)}`);
  }

  async get(path: string): Promise<Item> {
    return JSON.parse(await this.read(path));
  }

  async list(path: string): Promise<readonly Item[]> {
    const { items }: { readonly items: readonly Item[] } = JSON.parse(await this.read(path));
    return items;
  }

  private async read(path: string): Promise<string> {
    const { status, text } = await this.send('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${messageOf(text)}`);
    return text;
  }
}

/** The message in a Status object of the server, or the whole text. */
export function messageOf(text: string): string {
  try {
    const { message }: { readonly message?: string } = JSON.parse(text);
    return message ?? text;
  } catch {
    return text;
  }
}

export function condition({ status }: Item, type: string): Condition | undefined {
  return status?.conditions?.find((candidate) => candidate.type === type);
}
