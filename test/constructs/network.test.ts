import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as fc from 'fast-check';
import { ExistingNetworkProps, Network, NetworkEgress, NetworkProps } from '../../lib/constructs/network';

const ZONES = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];
const EXISTING = {
  vpcId: 'vpc-1',
  cidr: '10.20.0.0/16',
  availabilityZones: ZONES.slice(0, 2),
  privateSubnets: [
    { subnetId: 'subnet-a', cidr: '10.20.0.0/24', routeTableId: 'rtb-a' },
    { subnetId: 'subnet-b', cidr: '10.20.1.0/24', routeTableId: 'rtb-b' },
  ],
};
const { ECR, ECR_DOCKER, CLOUDWATCH_LOGS } = ec2.InterfaceVpcEndpointAwsService;

function build(props: Partial<NetworkProps> = {}): { app: App; stack: Stack; network: Network } {
  // Without feature flags, so that the construct cannot depend on one. With a region and no account, as in the real app, so that
  // a lookup would fail the test.
  // Inline code of the provider, only to save each test the copy of an asset.
  const app = new App({ context: { '@aws-cdk/core:inlineCustomResources': true } });
  const stack = new Stack(app, 'Test', { env: { region: 'eu-west-1' } });
  const network = new Network(stack, 'Network', {
    cidr: '10.0.0.0/16',
    availabilityZones: ZONES.slice(0, 2),
    ...props,
  });
  return { app, stack, network };
}

function synthesize(props?: Partial<NetworkProps>): Template {
  return Template.fromStack(build(props).stack);
}

/** Logical ids and CIDR blocks of the subnets of a group. */
function subnetsOf(template: Template, group: string): string[] {
  const tagged = template.findResources('AWS::EC2::Subnet', {
    Properties: { Tags: Match.arrayWith([{ Key: 'aws-cdk:subnet-name', Value: group }]) },
  });
  return Object.entries(tagged).map(([id, { Properties }]) => `${id} ${Properties.CidrBlock}`);
}

describe('subnets', () => {
  test('puts a public, a private and an isolated subnet in each zone', () => {
    const template = synthesize({ availabilityZones: ZONES });
    for (const group of ['public', 'private', 'isolated']) expect(subnetsOf(template, group)).toHaveLength(3);
  });

  test('uses each named zone without a lookup, in every egress mode [P7] [P8]', () => {
    const modes: NetworkEgress[] = [{ mode: 'nat' }, { mode: 'nat-instance' }, { mode: 'endpoints' }, { mode: 'none' }];
    for (const egress of modes) {
      const { app, stack } = build({ egress, availabilityZones: ZONES, endpointServices: [ECR] });
      expect(app.synth().manifest.missing).toBeUndefined();
      const template = Template.fromStack(stack);
      const subnets = Object.values(template.findResources('AWS::EC2::Subnet'));
      expect([...new Set(subnets.map(({ Properties }) => Properties.AvailabilityZone))]).toEqual(ZONES);
      expect(JSON.stringify(template)).not.toMatch(/dummy1a/);
    }
  });

  test('assigns no public addresses in public subnets', () => {
    for (const mode of ['nat', 'nat-instance'] as const) {
      synthesize({ egress: { mode } }).allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
    }
  });

  test('selects the private subnets in every egress mode [N2]', () => {
    for (const mode of ['nat', 'nat-instance', 'endpoints', 'none'] as const) {
      const { network } = build({ egress: { mode } });
      const { subnets } = network.vpc.selectSubnets(network.privateSubnets);
      expect(subnets.map(({ node }) => node.id)).toEqual(['privateSubnet1', 'privateSubnet2']);
    }
  });

  test('replaces no private or isolated subnet when the egress changes', () => {
    const [nat, ...others] = (['nat', 'nat-instance', 'endpoints', 'none'] as const).map((mode) => {
      const template = synthesize({ egress: { mode } });
      return [...subnetsOf(template, 'private'), ...subnetsOf(template, 'isolated')];
    });
    expect(nat).toHaveLength(4);
    for (const other of others) expect(other).toEqual(nat);
  });

  // Subnets 2 to 8 bits longer than the VPC: about half of the cases fit.
  const bits = fc.integer({ min: 2, max: 8 });
  const sizes = fc
    .record({
      vpc: fc.integer({ min: 16, max: 26 }),
      zones: fc.integer({ min: 2, max: 6 }),
      bits: fc.tuple(bits, bits, bits),
    })
    .map(({ vpc, zones, bits: [a, b, c] }) => {
      const longer = (by: number) => Math.min(vpc + by, 28);
      return { vpc, zones, public: longer(a), private: longer(b), isolated: longer(c) };
    });

  test('creates disjoint subnets of the given sizes inside the VPC, or fails with the number of missing addresses', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const groups = ['public', 'private', 'isolated'] as const;
        const needed = groups.reduce((sum, group) => sum + size.zones * 2 ** (32 - size[group]), 0);
        const has = 2 ** (32 - size.vpc);
        const network = () =>
          build({
            cidr: `10.0.0.0/${size.vpc}`,
            availabilityZones: [...'abcdef'].slice(0, size.zones).map((letter) => `eu-west-1${letter}`),
            publicPrefix: size.public,
            privatePrefix: size.private,
            isolatedPrefix: size.isolated,
          }).network;
        if (needed > has) {
          expect(network).toThrow(new RegExp(`needs ${needed} addresses .*, has ${has}\\.`));
          return;
        }
        const { vpc } = network();
        const ranges = groups.flatMap((group) => {
          const { subnets } = vpc.selectSubnets({ subnetGroupName: group });
          expect(subnets).toHaveLength(size.zones);
          return subnets.map(({ ipv4CidrBlock }) => {
            expect(ipv4CidrBlock).toMatch(new RegExp(`^10\\.0\\.\\d+\\.\\d+/${size[group]}$`));
            const [, , third, fourth] = ipv4CidrBlock.split(/[./]/).map(Number);
            const first = Number(third) * 256 + Number(fourth);
            return { first, last: first + 2 ** (32 - size[group]) - 1 };
          });
        });
        ranges.sort((a, b) => a.first - b.first);
        let free = 0;
        for (const { first, last } of ranges) {
          expect(first).toBeGreaterThanOrEqual(free);
          free = last + 1;
        }
        expect(free).toBeLessThanOrEqual(has);
      }),
      { numRuns: 20 },
    );
  });

  test('fills a VPC to its last address', () => {
    const props = { publicPrefix: 27, privatePrefix: 26, isolatedPrefix: 27 };
    expect(() => build({ ...props, cidr: '10.0.0.0/24' })).not.toThrow();
  });

  test('accepts a plan of all addresses of a subnet but the 5 that AWS reserves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 18, max: 28 }), fc.nat({ max: 11 }), (privatePrefix, functions) => {
        const usable = 2 ** (32 - privatePrefix) - 5;
        const plan = (tasks: number) => () =>
          build({ privatePrefix, egress: { mode: 'none' }, plannedAddresses: { functions, tasks } });
        expect(plan(usable - functions)).not.toThrow();
        expect(plan(usable - functions + 1)).toThrow(
          `a private subnet must hold ${usable + 1} addresses (functions ${functions} + tasks ${usable - functions + 1}), but a /${privatePrefix} has ${usable} (`,
        );
      }),
      { numRuns: 12 },
    );
  });
});

describe('egress', () => {
  test('routes private subnets through one NAT gateway by default, and isolated subnets to no gateway [N2]', () => {
    const template = synthesize();
    template.resourceCountIs('AWS::EC2::NatGateway', 1);
    template.resourceCountIs('AWS::EC2::InternetGateway', 1);
    expect(routesOut(template)).toEqual(['private', 'private', 'public', 'public']);
    expect(subnetsOf(template, 'isolated')).toHaveLength(2);
  });

  test.each([3, 'one-per-zone'] as const)('creates %s NAT gateways in three zones', (gateways) => {
    synthesize({ availabilityZones: ZONES, egress: { mode: 'nat', gateways } }).resourceCountIs(
      'AWS::EC2::NatGateway',
      3,
    );
  });

  test('names what translates addresses: each NAT gateway, the NAT instance, or nothing', () => {
    const refs = (egress: NetworkEgress) => {
      const { stack, network } = build({ egress });
      const template = Template.fromStack(stack);
      const ids = (type: string) => Object.keys(template.findResources(type)).map((id) => ({ Ref: id }));
      return {
        targets: stack.resolve(network.natTargets),
        gateways: ids('AWS::EC2::NatGateway'),
        instances: ids('AWS::EC2::Instance'),
      };
    };
    const two = refs({ mode: 'nat', gateways: 2 });
    expect(two.targets).toEqual(two.gateways.map((natGatewayId) => ({ natGatewayId })));
    expect(two.targets).toHaveLength(2);
    const instance = refs({ mode: 'nat-instance' });
    expect(instance.targets).toEqual(instance.instances.map((instanceId) => ({ instanceId })));
    expect(instance.targets).toHaveLength(1);
    for (const mode of ['endpoints', 'none'] as const) expect(refs({ mode }).targets).toEqual([]);
  });

  test.each(['Nat', 'internet', undefined])(
    'refuses the mode %p, which would leave the subnets without egress',
    (mode) => {
      expect(() => build({ egress: JSON.parse(JSON.stringify({ mode, gateways: 1 })) })).toThrow(
        `egress.mode: must be one of nat, nat-instance, endpoints, none, got ${JSON.stringify(mode)}. Give { mode: 'nat' }`,
      );
    },
  );

  test.each([0, 3, 1.5, Number.NaN])('refuses %d NAT gateways for two zones', (gateways) => {
    expect(() => build({ egress: { mode: 'nat', gateways } })).toThrow(
      `egress.gateways: must be a whole number from 1 to the 2 availability zones, got ${gateways}.`,
    );
  });

  test('translates addresses in one small arm64 instance with IMDSv2 and an encrypted disk instead of a gateway', () => {
    const template = synthesize({ egress: { mode: 'nat-instance' } });
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::EIP', 0);
    template.resourceCountIs('AWS::EC2::Instance', 1);
    template.hasResourceProperties('AWS::EC2::Instance', {
      InstanceType: 't4g.nano',
      ImageId: { Ref: Match.stringLikeRegexp('al2023.*arm64') },
      SourceDestCheck: false,
      CreditSpecification: { CPUCredits: 'standard' },
      MetadataOptions: { HttpTokens: 'required' },
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: Match.objectLike({ Encrypted: true }) }],
      NetworkInterfaces: [Match.objectLike({ AssociatePublicIpAddress: true })],
    });
    expect(routesOut(template)).toEqual(['private', 'private', 'public', 'public']);
  });

  test('lets traffic into the NAT instance from the VPC only', () => {
    const template = synthesize({ egress: { mode: 'nat-instance' } });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '10.0.0.0/16', IpProtocol: '-1' })],
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    expect(JSON.stringify(template.findResources('AWS::EC2::SecurityGroup'))).not.toMatch(/Ingress[^\]]*0\.0\.0\.0\/0/);
  });

  test.each(['endpoints', 'none'] as const)(
    'has in the mode %s no way to the internet and nothing that costs',
    (mode) => {
      const template = synthesize({ egress: { mode } });
      for (const type of [
        'NatGateway',
        'EIP',
        'Instance',
        'InternetGateway',
        'VPCGatewayAttachment',
        'Route',
        'SecurityGroup',
      ]) {
        template.resourceCountIs(`AWS::EC2::${type}`, 0);
      }
      expect(subnetsOf(template, 'public')).toEqual([]);
    },
  );

  test('creates each of the given interface endpoints once, in the private subnets [N3]', () => {
    const services = [ECR, ECR_DOCKER, CLOUDWATCH_LOGS, ECR];
    // Larger isolated subnets come first, so the default selection would use them.
    const template = synthesize({ egress: { mode: 'endpoints' }, endpointServices: services, isolatedPrefix: 19 });
    const endpoints = Object.values(
      template.findResources('AWS::EC2::VPCEndpoint', { Properties: { VpcEndpointType: 'Interface' } }),
    );
    expect(endpoints.map(({ Properties }) => Properties.ServiceName)).toEqual([
      'com.amazonaws.eu-west-1.ecr.api',
      'com.amazonaws.eu-west-1.ecr.dkr',
      'com.amazonaws.eu-west-1.logs',
    ]);
    for (const { Properties } of endpoints) {
      expect(Properties.PrivateDnsEnabled).toBe(true);
      expect(Properties.SubnetIds).toEqual(
        [1, 2].map((zone) => ({ Ref: expect.stringContaining(`privateSubnet${zone}`) })),
      );
    }
  });

  test('lets only HTTPS from the VPC into the interface endpoints', () => {
    const template = synthesize({ egress: { mode: 'endpoints' }, endpointServices: [ECR] });
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [
        Match.objectLike({ CidrIp: '10.0.0.0/16', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }),
      ],
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32' })],
    });
  });

  test.each(['nat', 'nat-instance', 'none'] as const)('creates no interface endpoint in the mode %s', (mode) => {
    const template = synthesize({ egress: { mode }, endpointServices: [ECR] });
    template.resourcePropertiesCountIs('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Interface' }, 0);
  });

  test.each(['nat', 'nat-instance', 'endpoints', 'none'] as const)(
    'has the free gateway endpoints in the mode %s [N3]',
    (mode) => {
      const template = synthesize({ egress: { mode } });
      const gateways = Object.values(
        template.findResources('AWS::EC2::VPCEndpoint', { Properties: { VpcEndpointType: 'Gateway' } }),
      );
      expect(gateways.map(({ Properties }) => Properties.ServiceName['Fn::Join'][1].at(-1))).toEqual([
        '.s3',
        '.dynamodb',
      ]);
      for (const { Properties } of gateways)
        expect(JSON.stringify(Properties.RouteTableIds)).toMatch(/privateSubnet1.*privateSubnet2/);
    },
  );

  test('counts the interface endpoints into the plan', () => {
    const props = { privatePrefix: 28, plannedAddresses: { tasks: 10 }, endpointServices: [ECR, CLOUDWATCH_LOGS, ECR] };
    expect(() => build({ ...props, egress: { mode: 'none' } })).not.toThrow();
    expect(() => build({ ...props, egress: { mode: 'endpoints' } })).toThrow(
      '12 addresses (tasks 10 + interface endpoints 2)',
    );
  });
});

describe('security', () => {
  test('removes the rules of the default security group, with any feature flags', () => {
    synthesize().resourceCountIs('Custom::VpcRestrictDefaultSG', 1);
  });

  test('leaves no log group behind: the function that removes the rules logs to a log group of the template, and cannot create another [P6]', () => {
    const template = synthesize();
    const [[logGroup] = []] = Object.entries(
      template.findResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete' }),
    );
    template.hasResourceProperties('AWS::Lambda::Function', { LoggingConfig: { LogGroup: { Ref: logGroup } } });
    template.hasResourceProperties('AWS::IAM::Role', {
      Policies: [
        Match.objectLike({
          PolicyDocument: Match.objectLike({
            Statement: Match.arrayWith([{ Effect: 'Deny', Action: 'logs:CreateLogGroup', Resource: '*' }]),
          }),
        }),
      ],
    });
  });

  test('shares the function that removes the rules between the networks of a stack', () => {
    const { stack } = build();
    new Network(stack, 'Other', {
      cidr: '10.1.0.0/16',
      availabilityZones: ZONES,
    });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Lambda::Function', 1);
    template.resourcePropertiesCountIs('AWS::Logs::LogGroup', {}, 3);
  });

  test('logs all traffic to a new log group, which stays when the stack is deleted', () => {
    const template = synthesize();
    const [[logGroup] = []] = Object.entries(
      template.findResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Retain' }),
    );
    template.hasResourceProperties('AWS::EC2::FlowLog', {
      TrafficType: 'ALL',
      LogDestinationType: 'cloud-watch-logs',
      LogGroupName: { Ref: logGroup },
    });
  });

  test('lets only the flow logs of its own account use their role', () => {
    synthesize().hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({
            Principal: { Service: 'vpc-flow-logs.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ],
      }),
    });
  });

  test('logs all traffic to the given log group, and creates none for the flow log', () => {
    const shared = new Stack(new App(), 'Shared');
    const template = synthesize({ flowLogGroup: logs.LogGroup.fromLogGroupName(shared, 'FlowLog', 'flow-log') });
    template.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL', LogGroupName: 'flow-log' });
    // The only other log group belongs to the function that removes the rules of the default security group.
    template.resourceCountIs('AWS::Logs::LogGroup', 1);
    expect(JSON.stringify(template)).not.toMatch(/Retain"/);
  });
});

describe('existing VPC', () => {
  function adopt(props: Partial<ExistingNetworkProps> = {}) {
    const app = new App();
    const stack = new Stack(app, 'Test', { env: { region: 'eu-west-1' } });
    return { app, stack, network: Network.fromExisting(stack, 'Network', { ...EXISTING, ...props }) };
  }

  test('creates nothing and selects its private subnets', () => {
    const { app, stack, network } = adopt();
    expect(app.synth().manifest.missing).toBeUndefined();
    expect(Template.fromStack(stack).toJSON().Resources).toBeUndefined();
    expect(network.vpc.vpcId).toBe('vpc-1');
    expect(network.vpc.vpcCidrBlock).toBe('10.20.0.0/16');
    const { subnets, subnetIds, availabilityZones } = network.vpc.selectSubnets(network.privateSubnets);
    expect(subnetIds).toEqual(['subnet-a', 'subnet-b']);
    expect(availabilityZones).toEqual(ZONES.slice(0, 2));
    expect(subnets.map(({ routeTable }) => routeTable.routeTableId)).toEqual(['rtb-a', 'rtb-b']);
    expect(subnets.map(({ ipv4CidrBlock }) => ipv4CidrBlock)).toEqual(['10.20.0.0/24', '10.20.1.0/24']);
  });

  const second = (cidr: string) => ({
    ...EXISTING,
    privateSubnets: EXISTING.privateSubnets.map((subnet, index) => (index === 1 ? { ...subnet, cidr } : subnet)),
  });

  test.each<[string, Partial<ExistingNetworkProps>, string]>([
    [
      'another number of subnets than zones',
      { availabilityZones: ZONES },
      'privateSubnets: must be one for each of the 3 availability zones',
    ],
    [
      'a subnet outside the VPC',
      second('10.21.1.0/24'),
      'privateSubnets[1].cidr: must be inside cidr 10.20.0.0/16, got "10.21.1.0/24"',
    ],
    ['a subnet larger than the VPC', second('10.0.0.0/8'), 'privateSubnets[1].cidr: must be inside cidr'],
    [
      'subnets that overlap',
      second('10.20.0.128/25'),
      'privateSubnets[1].cidr: must not overlap 10.20.0.0/24, got "10.20.0.128/25"',
    ],
    ['a malformed block', second('10.20.1.0'), 'privateSubnets[1].cidr: must be an IPv4 CIDR block, got "10.20.1.0"'],
    ['a malformed block of the VPC', { cidr: '10.20.0.0' }, 'cidr: must be an IPv4 CIDR block'],
    ['routes that overlap', { routedCidrs: ['10.0.0.0/8'] }, "routedCidrs[0]: must not overlap the VPC's 10.20.0.0/16"],
    [
      'one subnet too small for the plan',
      { ...second('10.20.1.0/28'), plannedAddresses: { tasks: 12 } },
      'subnet-b must hold 12 addresses (tasks 12), but a /28 has 11',
    ],
  ])('refuses %s', (_, props, message) => {
    expect(() => adopt(props)).toThrow(message);
  });
});

describe('input', () => {
  test.each<[string, Partial<NetworkProps>, string]>([
    [
      'a single zone',
      { availabilityZones: ['eu-west-1a'] },
      'availabilityZones: must be at least 2 different names, got [eu-west-1a]',
    ],
    [
      'a zone named twice',
      { availabilityZones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1a'] },
      'availabilityZones: must be at least 2 different names',
    ],
    [
      'a CIDR block that is none',
      { cidr: '10.0.0/16' },
      'cidr: must be an IPv4 CIDR block, got "10.0.0/16". Give a block such as 10.0.0.0/16',
    ],
    ['an octet above 255', { cidr: '10.256.0.0/16' }, 'cidr: must be an IPv4 CIDR block, got "10.256.0.0/16"'],
    ['a prefix length above 32', { cidr: '10.0.0.0/33' }, 'cidr: must be an IPv4 CIDR block, got "10.0.0.0/33"'],
    [
      'host bits',
      { cidr: '192.168.3.7/22' },
      'cidr: must be a network address without host bits, got "192.168.3.7/22". Give 192.168.0.0/22',
    ],
    [
      'a VPC larger than /16',
      { cidr: '10.0.0.0/15' },
      'cidr: a VPC must have a prefix length from 16 to 28, got "10.0.0.0/15"',
    ],
    [
      'a VPC smaller than /28',
      { cidr: '10.0.0.0/29' },
      'cidr: a VPC must have a prefix length from 16 to 28, got "10.0.0.0/29"',
    ],
    [
      'a VPC too small for its subnets',
      { cidr: '10.0.0.0/20' },
      'cidr: 10.0.0.0/20 is too small for its subnets: needs 9216 addresses (2 private /20 + 2 public /24 + 2 isolated /24), has 4096.',
    ],
    ['a subnet smaller than /28', { publicPrefix: 29 }, 'publicPrefix: must be a whole number from 16 to 28, got 29'],
    ['half a prefix length', { privatePrefix: 20.5 }, 'privatePrefix: must be a whole number from 16 to 28, got 20.5'],
    [
      'a subnet larger than any VPC',
      { isolatedPrefix: 8 },
      'isolatedPrefix: must be a whole number from 16 to 28, got 8',
    ],
    [
      'a routed block that overlaps',
      { routedCidrs: ['10.1.0.0/16', '10.0.128.0/17'] },
      `routedCidrs[1]: must not overlap the VPC's 10.0.0.0/16, got "10.0.128.0/17"`,
    ],
    [
      'a routed block that is none',
      { routedCidrs: ['onprem'] },
      'routedCidrs[0]: must be an IPv4 CIDR block, got "onprem"',
    ],
    [
      'a negative plan',
      { plannedAddresses: { tasks: -1 } },
      'plannedAddresses: "tasks" must be a whole number of addresses, got -1',
    ],
  ])('refuses %s', (_, props, message) => {
    expect(() => build(props)).toThrow(message);
  });

  test('accepts routed blocks that are adjacent to its own', () => {
    expect(() =>
      build({ cidr: '10.1.0.0/16', routedCidrs: ['10.0.0.0/16', '10.2.0.0/15', '0.0.0.0/8'] }),
    ).not.toThrow();
  });
});

/** Subnet groups of all routes to the internet. */
function routesOut(template: Template): string[] {
  const routes = template.findResources('AWS::EC2::Route', { Properties: { DestinationCidrBlock: '0.0.0.0/0' } });
  return Object.keys(routes)
    .map((id) => id.match(/Vpc(\w+?)Subnet/)?.[1] ?? id)
    .sort();
}
