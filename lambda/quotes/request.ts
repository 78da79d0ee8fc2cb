import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** What both APIs send, the parts that are read: REST API (payload 1.0) and HTTP API (payload 2.0). */
export type ApiEvent = RestApiEvent | HttpApiEvent;

/** A direct invocation may leave out all but method and path. */
type RestApiEvent = Pick<APIGatewayProxyEvent, 'httpMethod' | 'path'> &
  Partial<Pick<APIGatewayProxyEvent, 'resource' | 'pathParameters' | 'queryStringParameters'>>;

type HttpApiEvent = Pick<APIGatewayProxyEventV2, 'routeKey' | 'rawPath' | 'rawQueryString' | 'pathParameters'> & {
  readonly requestContext: { readonly http: Pick<APIGatewayProxyEventV2['requestContext']['http'], 'method'> };
};

export type Values = Readonly<Record<string, string | undefined>>;

export interface Request {
  readonly method: string;
  /** The path asked for. With a stage name or base path in front of it, depending on the API. */
  readonly path: string;
  /** The API's own template of the path, as in `/quotes/{symbol}`. Undefined where it has none (`$default`). */
  readonly template?: string;
  /** Path parameters by name, as the API sends them: percent-encoded or not. */
  readonly parameters: Values;
  /** Query parameters by name, decoded. Of one that is repeated, the last value. */
  readonly query: Values;
}

/**
 * Of a repeated parameter the last value counts. A REST API keys its cache on a single value of each parameter, and an
 * answer for any other one, an error too, would be served to who asks for that value: docs/decisions/0009.
 */
export function requestOf(event: ApiEvent): Request {
  if ('routeKey' in event) {
    return {
      method: event.requestContext.http.method,
      path: event.rawPath,
      template: event.routeKey.split(' ')[1],
      parameters: event.pathParameters ?? {},
      // Payload 2.0 has joined repeated values by commas, which may also be in a value.
      query: Object.fromEntries(new URLSearchParams(event.rawQueryString)),
    };
  }
  return {
    method: event.httpMethod,
    path: event.path,
    template: event.resource,
    parameters: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
  };
}
