import { AwsClient } from 'aws4fetch';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as a JSON object; empty if it is not JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Time from sending the request to the last byte. */
  readonly milliseconds: number;
}

/** Sends a GET request to a path: signed, unsigned, or altered after signing. */
export type Get = (path: string, signature?: 'valid' | 'none' | 'altered') => Promise<Answer>;

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

/** Timeout in milliseconds, longer than that of a REST API for its integration (29 s). */
const TIMEOUT = 35_000;

/** Sends requests to the API at `url`, signed by SigV4. There are no retries, because they would hide failures and delays. */
export function requests(url: string, signer: Signer): Get {
  const client = new AwsClient({ ...signer, service: 'execute-api' });
  return async (path, signature = 'valid') => {
    const target = `${url}${path}`;
    if (signature === 'none') return send(new Request(target));
    const signed = await client.sign(target);
    return send(signature === 'valid' ? signed : new Request(`${target}${path.includes('?') ? '&' : '?'}at=1`, signed));
  };
}

export function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}

async function send(request: Request): Promise<Answer> {
  const from = performance.now();
  const response = await fetch(request, { signal: AbortSignal.timeout(TIMEOUT) });
  const text = await response.text();
  const milliseconds = performance.now() - from;
  return { status: response.status, headers: response.headers, text, body: objectOf(text), milliseconds };
}
