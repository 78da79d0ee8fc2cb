import { EnvironmentConfig } from '../../lib/environment-config';
import { fixtureOf, service, withEgress, withFurther } from './fixture';

const CERTIFICATE = 'arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000';
const WEB_ACL = 'arn:aws:wafv2:us-east-1:111122223333:regional/webacl/kumiki/00000000-0000-0000-0000-000000000000';
export const PAGE_TOPIC = 'arn:aws:sns:us-east-1:123456789012:page';
export const NOTICE_TOPIC = 'arn:aws:sns:us-east-1:123456789012:notice';
/** A VPC that somebody else owns, with private subnets in two zones. */
export const EXISTING_VPC = {
  vpcId: 'vpc-0123456789abcdef0',
  cidr: '10.20.0.0/16',
  privateSubnets: [
    { subnetId: 'subnet-1', cidr: '10.20.0.0/20', routeTableId: 'rtb-1' },
    { subnetId: 'subnet-2', cidr: '10.20.16.0/20', routeTableId: 'rtb-2' },
  ],
};

/** Both fixtures, and variants in which each option has another value, for rules that every template must follow. */
export function variants(): Record<string, EnvironmentConfig> {
  const trial = fixtureOf('trial');
  const { restApi } = trial;
  const cluster = fixtureOf('trial', { kubernetes: 'true' });
  return {
    trial,
    lasting: fixtureOf('lasting'),
    'with three services behind two load balancers': withFurther(trial, [
      service('reports', 110),
      service('archive', 1_000),
    ]),
    'on instances': fixtureOf('trial', { capacity: 'ec2' }),
    'on Fargate and instances, with topics that exist': {
      ...fixtureOf('lasting', { capacity: 'both' }),
      notifications: { page: { topicArn: PAGE_TOPIC }, notice: { topicArn: NOTICE_TOPIC } },
    },
    'with receivers, a budget and runbooks of a wiki': {
      ...trial,
      notifications: {
        page: { endpoints: ['https://events.example.com/page'] },
        notice: { emails: ['team@example.com'], slack: { workspaceId: 'T0123ABCD', channelId: 'C0123ABCD' } },
      },
      budget: { monthlyUsd: 150, emails: ['owner@example.com'] },
      runbookUrl: 'https://wiki.example.com/kumiki/',
    },
    'with a page for people and no notices': { ...trial, notifications: { page: { emails: ['on-call@example.com'] } } },
    'without alarms, with a budget': {
      ...trial,
      alarms: false,
      budget: { monthlyUsd: 150, emails: ['owner@example.com'] },
    },
    'trial with a cluster': cluster,
    'lasting without a cluster': fixtureOf('lasting', { kubernetes: 'false' }),
    'in a VPC that exists': {
      ...trial,
      network: { existing: EXISTING_VPC },
    },
    'with endpoints': { ...trial, network: withEgress({ mode: 'endpoints' }) },
    'with a NAT instance': { ...trial, network: withEgress({ mode: 'nat-instance' }) },
    'with HTTPS, access log, tokens, a domain and a firewall': {
      ...trial,
      restApi: { ...restApi, webAclArn: WEB_ACL },
      alarms: { silentAfterMinutes: 15 },
      loadBalancer: { accessLogDays: 30, https: { certificateArn: CERTIFICATE, hostName: 'quotes.example.com' } },
      httpApi: {
        throttle: { rate: 50, burst: 100 },
        cors: { origins: ['https://app.example.com'] },
        jwt: { issuer: 'https://issuer.example.com', audience: ['quotes'] },
        domain: { name: 'api.example.com', certificateArn: CERTIFICATE },
        disableDefaultEndpoint: true,
      },
    },
    'with a key of its own': { ...fixtureOf('trial', { kubernetes: 'true' }), encryption: 'customer-managed' },
    'with releases that go back': {
      ...cluster,
      function: { ...trial.function, release: { kind: 'canary', minutes: 10 } },
      kubernetes: cluster.kubernetes && {
        ...cluster.kubernetes,
        service: { ...cluster.kubernetes.service, rolloutMinutes: 10 },
      },
    },
    'with container services released in steps': {
      ...withFurther(trial, [service('reports', 110)]),
      services: [...trial.services, service('reports', 110)].map((each, index) => ({
        ...each,
        release: index === 0 ? { kind: 'canary', minutes: 10 } : { kind: 'blueGreen' },
      })),
    },
    'that sleeps': {
      ...fixtureOf('trial', { capacity: 'both', kubernetes: 'true' }),
      sleep: { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' },
    },
    'with basic observability': {
      ...fixtureOf('trial', { capacity: 'both', kubernetes: 'true' }),
      observability: 'basic',
      sleep: { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' },
    },
    'with spans of the container services': {
      ...trial,
      services: trial.services.map((each) => ({
        ...each,
        tracing: { agentImage: 'public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300066.0b1367' },
      })),
    },
    'with every optional part off': {
      ...trial,
      capacity: { fargate: {} },
      function: { ...trial.function, provisionedConcurrency: undefined },
      restApi: { ...restApi, cache: undefined, ownsApiAccount: false },
      httpApi: undefined,
      webSocketApi: undefined,
    },
  };
}
