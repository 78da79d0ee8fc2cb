import { BadRequest, excerpt } from '../../domain/requests';
import { matcherOf, PathParameters, Query, RouteNameBy, routes } from '../../domain/routes';
import { logger } from '../logger';
import { Request, Values } from './request';
import { UpstreamError } from './upstream';

/** A handler for each route of the function: returns the body of status 200, or throws an error with the reason. */
export type Handlers = {
  readonly [Name in RouteNameBy<'function'>]: Handler<PathParameters<Name>, Query<Name>>;
};

type Handler<P, Q> = (parameters: P, query: Q, requestId?: string) => object | Promise<object>;

export interface Reply {
  /** Method and path of the route that answered, as in `GET /quotes/{symbol}`; undefined if no route matches. */
  readonly route?: string;
  readonly status: number;
  readonly body: object;
  /** Value of the header `retry-after`. */
  readonly retryAfter?: string;
}

/** Finds the route of a request in domain/routes.ts and calls its handler. Never rejects. */
export function router(handlers: Handlers): (request: Request) => Promise<Reply> {
  const byName: Readonly<Record<string, Handler<Values, Values>>> = handlers;
  const table = Object.entries(routes).flatMap(([name, { path }]) => {
    const handler = byName[name];
    return handler ? [{ route: `GET ${path}`, handler, matcher: matcherOf(path) }] : [];
  });

  return async (request) => {
    // The template survives a base path and a slash inside a parameter; a catch-all route has nothing but the path.
    for (const path of request.method === 'GET' ? [request.template ?? '', request.path] : []) {
      for (const { route, handler, matcher } of table) {
        const match = matcher.exec(path);
        if (!match) continue;
        const parameters = Object.entries({ ...match.groups, ...request.parameters });
        try {
          const decoded = Object.fromEntries(parameters.map(([k, v]) => [k, decode(v)]));
          const body = await handler(decoded, request.query, request.id);
          return { route, status: 200, body };
        } catch (error) {
          return { route, ...failure(error) };
        }
      }
    }
    return { status: 404, body: { message: `no such route: ${request.method} ${excerpt(request.path)}` } };
  };
}

/** Status and body for an error. One that no handler throws on purpose is logged, and its message is not sent to the caller. */
export function failure(error: unknown): Reply {
  if (error instanceof BadRequest) return { status: 400, body: { message: error.message } };
  if (error instanceof UpstreamError) {
    return { status: error.status, body: { message: error.message }, retryAfter: error.retryAfter };
  }
  logger.error('internal error', { error });
  return { status: 500, body: { message: 'internal error' } };
}

function decode(value: string | undefined): string | undefined {
  try {
    return value && decodeURIComponent(value);
  } catch {
    return value; // Not an encoding: the handler checks the text as it is.
  }
}
