/** What an address is made of, all of it from stack outputs. */
export interface RestApiAddress {
  readonly restApiId: string;
  readonly stageName: string;
  /** Base URL as CloudFormation gives it, with the stage. */
  readonly url: string;
}

/** The same of an HTTP API. */
export interface HttpApiAddress {
  readonly httpApiId: string;
  readonly stageName: string;
  readonly url: string;
}

/**
 * Where the REST API answers, without a slash at the end. On AWS that is its URL; a local endpoint has all data planes
 * below its own address, because names of the kind `<id>.execute-api.…` resolve to nothing there.
 */
export function restApiUrl(api: RestApiAddress, endpoint: string | undefined): string {
  const url =
    endpoint === undefined
      ? api.url
      : `${withoutSlash(endpoint)}/restapis/${api.restApiId}/${api.stageName}/_user_request_`;
  return withoutSlash(url);
}

/** Where the HTTP API answers, likewise. */
export function httpApiUrl(api: HttpApiAddress, endpoint: string | undefined): string {
  return withoutSlash(
    endpoint === undefined ? api.url : `${withoutSlash(endpoint)}/_aws/execute-api/${api.httpApiId}/${api.stageName}`,
  );
}

export interface WebSocketApiAddress {
  readonly webSocketApiId: string;
  /** URL as CloudFormation gives it, with the stage. */
  readonly url: string;
}

/** Where the WebSocket API answers: its URL, or the path of the stage below a local endpoint. */
export function webSocketUrl(api: WebSocketApiAddress, endpoint: string | undefined): string {
  if (endpoint === undefined) return withoutSlash(api.url);
  const stage = withoutSlash(api.url).split('/').at(-1);
  return `${withoutSlash(endpoint).replace(/^http/, 'ws')}/_aws/execute-api/${api.webSocketApiId}/${stage}`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
