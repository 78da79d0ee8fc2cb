import { CfnOutput, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { PrivateFunction } from '../../lib/constructs/private-function';
import { PrivateLoadBalancer } from '../../lib/constructs/private-load-balancer';
import { Ticker } from '../../lib/constructs/ticker';
import { WebSocketSessions } from '../../lib/constructs/websocket-sessions';
import { ReferenceStage } from '../../lib/reference-stage';
import { httpApiUrl, loadBalancerUrl } from '../kit/emulator-urls';

/**
 * Leads the parts of a stage to each other over the endpoint, which has no DNS names and no VPC links: both APIs and the
 * function to the load balancer, and the ticker to the connections of the WebSocket API.
 */
export function useEndpoint(stage: ReferenceStage, endpoint: string): void {
  const constructs = stage.node.findAll();
  for (const { url, listener, loadBalancer } of constructs.filter((each) => each instanceof PrivateLoadBalancer)) {
    const local = loadBalancerUrl(endpoint, loadBalancer.loadBalancerName);
    for (const construct of constructs) {
      if (construct instanceof CfnOutput) construct.value = String(construct.value).replace(url, local);
      if (construct instanceof PrivateFunction) construct.function.addEnvironment('HISTORY_URL', local);
      if (construct instanceof apigateway.CfnMethod) leadRestApi(construct, url, local);
      if (construct instanceof apigatewayv2.CfnIntegration && construct.integrationUri === listener.listenerArn) {
        construct.integrationUri = local;
        construct.connectionType = undefined;
        construct.connectionId = undefined;
        construct.tlsConfig = undefined;
      }
    }
  }
  const sessions = constructs.find((each) => each instanceof WebSocketSessions);
  for (const ticker of constructs.filter((each) => each instanceof Ticker)) {
    if (sessions === undefined) continue;
    const callbackUrl = httpApiUrl(endpoint, sessions.api.apiId, sessions.stage.stageName);
    ticker.function.addEnvironment('CALLBACK_URL', callbackUrl);
  }
}

function leadRestApi(method: apigateway.CfnMethod, url: string, local: string): void {
  const { integration } = method;
  if (integration === undefined || Token.isUnresolved(integration) || !('uri' in integration)) return;
  method.integration = { ...integration, uri: integration.uri?.replace(url, local) };
}
