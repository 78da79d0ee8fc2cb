import { EnvironmentConfig, environmentNames } from '../../lib/environments';
import { configOf } from './stage';

const CERTIFICATE = 'arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000';
export const ALARM_TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
/** A VPC that somebody else owns, with private subnets in two zones. */
export const EXISTING_VPC = {
  vpcId: 'vpc-0123456789abcdef0',
  cidr: '10.20.0.0/16',
  privateSubnets: [
    { subnetId: 'subnet-1', cidr: '10.20.0.0/20', routeTableId: 'rtb-1' },
    { subnetId: 'subnet-2', cidr: '10.20.16.0/20', routeTableId: 'rtb-2' },
  ],
};

/** The environments, and each switch in each of its positions: for what has to hold in every template there is. */
export function variants(): Record<string, EnvironmentConfig> {
  const sandbox = configOf('sandbox');
  const { network, restApi } = sandbox;
  return {
    ...Object.fromEntries(environmentNames.map((name) => [name, configOf(name)])),
    'on instances': configOf('sandbox', { capacity: 'ec2' }),
    'on Fargate and instances, with a topic': {
      ...configOf('production', { capacity: 'both' }),
      alarmTopicArn: ALARM_TOPIC,
    },
    'sandbox with a cluster': configOf('sandbox', { kubernetes: 'true' }),
    'production without a cluster': configOf('production', { kubernetes: 'false' }),
    'in a VPC that exists': {
      ...sandbox,
      network: {
        ...network,
        existing: EXISTING_VPC,
      },
    },
    'with endpoints': { ...sandbox, network: { ...network, egress: { mode: 'endpoints' } } },
    'with a NAT instance': { ...sandbox, network: { ...network, egress: { mode: 'nat-instance' } } },
    'with HTTPS, access log, tokens and a domain': {
      ...sandbox,
      loadBalancer: { accessLogDays: 30, https: { certificateArn: CERTIFICATE, hostName: 'quotes.example.com' } },
      httpApi: {
        throttle: { rate: 50, burst: 100 },
        cors: { origins: ['https://app.example.com'] },
        jwt: { issuer: 'https://issuer.example.com', audience: ['quotes'] },
        domain: { name: 'api.example.com', certificateArn: CERTIFICATE },
        disableDefaultEndpoint: true,
      },
    },
    'with all off': {
      ...sandbox,
      service: { ...sandbox.service, capacity: { fargate: {} } },
      function: { ...sandbox.function, provisionedConcurrency: undefined },
      restApi: { ...restApi, cache: undefined, ownsApiAccount: false },
      httpApi: undefined,
      webSocketApi: undefined,
    },
  };
}
