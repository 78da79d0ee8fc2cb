import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Status and body of an answer, in the form that AWS's API reference documents, or what decides on it. */
export type Answer = readonly [status: number, body: string];
export type Answers = Readonly<Record<string, Answer | ((question: Question) => Answer | Promise<Answer>)>>;

export interface Question {
  /** `<service> <action>`, or `<service> <method> <path>`. */
  readonly name: string;
  /** The name with the parameters, as in an URL, or the body. */
  readonly text: string;
  /** Parameters of the body. */
  readonly body: Readonly<Record<string, unknown>>;
}

export const xml = (action: string, body: string): Answer => [
  200,
  `<${action}Response><${action}Result>${body}</${action}Result></${action}Response>`,
];
export const ec2Xml = (action: string, body: string): Answer => [200, `<${action}Response>${body}</${action}Response>`];
export const json = (body: unknown): Answer => [200, JSON.stringify(body)];
export const jsonError = (type: string, message = type): Answer => [400, JSON.stringify({ __type: type, message })];
export const queryError = (status: number, code: string, message: string): Answer => [
  status,
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
];
export const ec2Error = (code: string, status = 400, message = `${code}.`): Answer => [
  status,
  `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
];

/** An account whose answers were recorded. The clients of this process ask it, from `open` to `close`. */
export class RecordedAccount {
  readonly asked: Question[] = [];
  answers: Answers = {};
  private readonly before = { ...process.env };
  private readonly server = createServer(async (request, response) => {
    const question = await questionOf(request);
    this.asked.push(question);
    const key = Object.keys(this.answers)
      .filter((name) => question.text.startsWith(name))
      .toSorted((a, b) => b.length - a.length)[0];
    const answer = key === undefined ? undefined : this.answers[key];
    const [status, body] = typeof answer === 'function' ? await answer(question) : (answer ?? [501, question.text]);
    response.writeHead(status).end(body);
  });

  async open(): Promise<string> {
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    const { port } = this.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
    });
    return url;
  }

  async close(): Promise<void> {
    process.env = this.before;
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }

  /** Names of what was asked since the last call. */
  names(): string[] {
    return this.asked.splice(0).map(({ name }) => name);
  }
}

async function questionOf(request: IncomingMessage): Promise<Question> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const content = Buffer.concat(chunks).toString();
  const service = /Credential=[^/]+\/\d+\/[\w-]+\/([\w-]+)\//.exec(request.headers.authorization ?? '')?.[1];
  const target = request.headers['x-amz-target']?.toString().split('.').at(-1);
  if (target !== undefined) {
    const name = `${service} ${target}`;
    return { name, text: `${name} ${content}`, body: JSON.parse(content) };
  }
  const body = Object.fromEntries(new URLSearchParams(content));
  if (body['Action'] === undefined) {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const name = `${service} ${request.method} ${path.replace(/(?<=.)\/$/, '')}`;
    return { name, text: `${name}?${query}`, body: {} };
  }
  const name = `${service} ${body['Action']}`;
  return {
    name,
    text: `${name} ${Object.entries(body)
      .map((pair) => pair.join('='))
      .join('&')}`,
    body,
  };
}
