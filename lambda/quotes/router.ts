import { BadRequest, excerpt } from '../../domain/requests';
import { Request, Values } from './request';
import { UpstreamError } from './upstream';

/** Answers a request: the body of status 200, or an error that says what is wrong. */
export type Route = (parameters: Values, query: Values) => object | Promise<object>;

export interface Reply {
  /** Key of the route that answered, undefined if none did. */
  readonly route?: string;
  readonly status: number;
  readonly body: object;
  /** Value of the header `retry-after`. */
  readonly retryAfter?: string;
}

/** Finds and calls the route of a request. `routes` has keys such as `GET /quotes/{symbol}`. Never rejects. */
export function router(routes: Readonly<Record<string, Route>>): (request: Request) => Promise<Reply> {
  const table = Object.entries(routes).map(([key, route]) => ({ key, route, pattern: patternOf(key) }));

  return async (request) => {
    // The template survives a base path and a slash inside a parameter; the path is all that a catch-all route has.
    for (const path of [request.template, request.path]) {
      for (const { key, route, pattern } of table) {
        const match = pattern.exec(`${request.method} ${path}`);
        if (!match) continue;
        const parameters = Object.entries({ ...match.groups, ...request.parameters });
        try {
          const body = await route(Object.fromEntries(parameters.map(([k, v]) => [k, decode(v)])), request.query);
          return { route: key, status: 200, body };
        } catch (error) {
          return { route: key, ...failure(error) };
        }
      }
    }
    return { status: 404, body: { message: `no such route: ${request.method} ${excerpt(request.path)}` } };
  };
}

/** Status and body for an error; one that no route means to throw is logged and kept from the caller. */
export function failure(error: unknown): Reply {
  if (error instanceof BadRequest) return { status: 400, body: { message: error.message } };
  if (error instanceof UpstreamError) {
    return { status: error.status, body: { message: error.message }, retryAfter: error.retryAfter };
  }
  console.error('internal error', error);
  return { status: 500, body: { message: 'internal error' } };
}

function patternOf(key: string): RegExp {
  return new RegExp(`^${key.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

function decode(value: string | undefined): string | undefined {
  try {
    return value && decodeURIComponent(value);
  } catch {
    return value; // not an encoding: for the route to judge as it is
  }
}
