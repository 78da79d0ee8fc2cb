import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** What both APIs send, the parts that are read: REST API (payload 1.0) and HTTP API (payload 2.0). */
export type ApiEvent = RestApiEvent | HttpApiEvent;

/** A direct invocation may leave out all but method and path. */
type RestApiEvent = Pick<APIGatewayProxyEvent, 'httpMethod' | 'path'> &
  Partial<
    Pick<
      APIGatewayProxyEvent,
      'resource' | 'pathParameters' | 'queryStringParameters' | 'multiValueQueryStringParameters'
    >
  >;

type HttpApiEvent = Pick<
  APIGatewayProxyEventV2,
  'routeKey' | 'rawPath' | 'pathParameters' | 'queryStringParameters'
> & {
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
  /** Query parameters by name, decoded. One that is repeated has its values joined by commas. */
  readonly query: Values;
}

export function requestOf(event: ApiEvent): Request {
  if ('routeKey' in event) {
    return {
      method: event.requestContext.http.method,
      path: event.rawPath,
      template: event.routeKey.split(' ')[1],
      parameters: event.pathParameters ?? {},
      query: event.queryStringParameters ?? {},
    };
  }
  // Payload 1.0 gives the last of repeated values in one field and all of them in another: joined, both APIs agree.
  const repeated = Object.entries(event.multiValueQueryStringParameters ?? {});
  return {
    method: event.httpMethod,
    path: event.path,
    template: event.resource,
    parameters: event.pathParameters ?? {},
    query: { ...event.queryStringParameters, ...Object.fromEntries(repeated.map(([k, v]) => [k, v?.join(',')])) },
  };
}
