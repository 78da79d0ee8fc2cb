/**
 * Where an endpoint of this kind serves the addresses that AWS gives names of their own. All of them are paths below the
 * endpoint, because names such as `<id>.execute-api.…` resolve to nothing on this machine.
 */

/** The stage of a REST API. */
export function restApiUrl(endpoint: string, restApiId: string, stageName: string): string {
  return `${withoutSlash(endpoint)}/restapis/${restApiId}/${stageName}/_user_request_`;
}

/** The stage of an HTTP API, and the address at which a program sends to the connections of a WebSocket API. */
export function httpApiUrl(endpoint: string, apiId: string, stageName: string): string {
  return `${withoutSlash(endpoint)}/_aws/execute-api/${apiId}/${stageName}`;
}

/** The address at which clients connect to the stage of a WebSocket API. */
export function webSocketUrl(endpoint: string, apiId: string, stageName: string): string {
  return httpApiUrl(endpoint, apiId, stageName).replace(/^http/, 'ws');
}

/** The listener of a load balancer. */
export function loadBalancerUrl(endpoint: string, loadBalancerName: string): string {
  return `${withoutSlash(endpoint)}/_alb/${loadBalancerName}`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
