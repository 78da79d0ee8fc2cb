import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** An event of either API, with the fields that the function reads: REST API (payload 1.0) and HTTP API (payload 2.0). */
export type ApiEvent = RestApiEvent | HttpApiEvent;

/** A direct invocation has method and path, and may leave out the rest. */
type RestApiEvent = Pick<APIGatewayProxyEvent, 'httpMethod' | 'path'> &
  Partial<Pick<APIGatewayProxyEvent, 'resource' | 'pathParameters' | 'queryStringParameters'>> & {
    readonly requestContext?: RequestContext;
  };

type HttpApiEvent = Pick<APIGatewayProxyEventV2, 'routeKey' | 'rawPath' | 'rawQueryString' | 'pathParameters'> & {
  readonly requestContext: RequestContext & {
    readonly http: Pick<APIGatewayProxyEventV2['requestContext']['http'], 'method'>;
  };
};

interface RequestContext {
  readonly requestId?: string;
}

export type Values = Readonly<Record<string, string | undefined>>;

export interface Request {
  /** Id that the API gave to the request; undefined for a direct invocation. */
  readonly id?: string;
  readonly method: string;
  /** The path of the request; depending on the API, it begins with a stage name or base path. */
  readonly path: string;
  /** The route as the API has it, `/quotes/{symbol}`. Undefined where the API has a catch-all route (`$default`). */
  readonly template?: string;
  /** Path parameters by name, as the API sends them: percent-encoded or not. */
  readonly parameters: Values;
  /** Query parameters by name, decoded. A repeated parameter has its last value. */
  readonly query: Values;
}

/**
 * A repeated parameter has its last value. A REST API keys its cache on a single value of each parameter. An answer for
 * another value, or an error, would then be served to whoever asks for the value in the key: docs/decisions/0009.
 */
export function requestOf(event: ApiEvent): Request {
  if ('routeKey' in event) {
    return {
      id: event.requestContext.requestId,
      method: event.requestContext.http.method,
      path: event.rawPath,
      template: event.routeKey.split(' ')[1],
      parameters: event.pathParameters ?? {},
      // Payload 2.0 joins repeated values by commas, and a value may have commas, too.
      query: Object.fromEntries(new URLSearchParams(event.rawQueryString)),
    };
  }
  return {
    id: event.requestContext?.requestId,
    method: event.httpMethod,
    path: event.path,
    template: event.resource,
    parameters: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
  };
}
