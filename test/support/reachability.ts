import { Resource } from './stage';

type Templates = Record<string, { Resources?: Record<string, Resource>; Outputs?: Record<string, { Value: unknown }> }>;

/** Permitted connections, as rows such as `Function/Quotes -> Containers/LoadBalancer tcp 80`. */
export interface Reachability {
  /** Connections that the egress rules of the senders permit. */
  readonly egress: string[];
  /** Connections that the ingress rules of the receivers permit. */
  readonly ingress: string[];
}

/** Reads the rules of all security groups of a stage, inline rules and separate resources, across its stacks. */
export function reachabilityOf(templates: Templates): Reachability {
  const egress = new Set<string>();
  const ingress = new Set<string>();
  for (const [stack, template] of Object.entries(templates)) {
    for (const [id, { Type, Properties = {} }] of Object.entries(template.Resources ?? {})) {
      const groupName = (reference: unknown) => nameOf(reference, stack, templates);
      if (Type === 'AWS::EC2::SecurityGroup') {
        const self = `${stack}/${shorten(id)}`;
        // A group without egress has a rule that matches nothing, because EC2 would otherwise add a rule that matches
        // everything.
        for (const rule of rulesOf(Properties['SecurityGroupEgress']).filter(
          ({ CidrIp }) => CidrIp !== '255.255.255.255/32',
        )) {
          egress.add(`${self} -> ${peerOf(rule, 'Destination', groupName)} ${portsOf(rule)}`);
        }
        for (const rule of rulesOf(Properties['SecurityGroupIngress'])) {
          ingress.add(`${peerOf(rule, 'Source', groupName)} -> ${self} ${portsOf(rule)}`);
        }
      } else if (Type === 'AWS::EKS::Cluster') {
        // EKS creates this group for control plane, nodes and pods:
        // https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
        const self = `${stack}/${shorten(id)} by EKS`;
        egress.add(`${self} -> ${self} all`).add(`${self} -> 0.0.0.0/0 all`);
        ingress.add(`${self} -> ${self} all`);
      } else if (Type === 'AWS::EC2::SecurityGroupEgress') {
        egress.add(
          `${groupName(Properties['GroupId'])} -> ${peerOf(Properties, 'Destination', groupName)} ${portsOf(Properties)}`,
        );
      } else if (Type === 'AWS::EC2::SecurityGroupIngress') {
        ingress.add(
          `${peerOf(Properties, 'Source', groupName)} -> ${groupName(Properties['GroupId'])} ${portsOf(Properties)}`,
        );
      }
    }
  }
  return { egress: [...egress].sort(), ingress: [...ingress].sort() };
}

type Rule = Record<string, unknown>;

function rulesOf(rules: unknown): Rule[] {
  return Array.isArray(rules) ? rules : [];
}

function peerOf(rule: Rule, side: 'Source' | 'Destination', groupName: (reference: unknown) => string): string {
  const group = rule[`${side}SecurityGroupId`];
  if (group !== undefined) return groupName(group);
  return String(rule['CidrIp'] ?? rule['CidrIpv6'] ?? JSON.stringify(rule));
}

function portsOf({ IpProtocol, FromPort, ToPort }: Rule): string {
  if (IpProtocol === '-1') return 'all';
  return `${IpProtocol} ${FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`}`;
}

function nameOf(reference: unknown, stack: string, templates: Templates): string {
  const { 'Fn::GetAtt': attribute, 'Fn::GetStackOutput': output } = reference as {
    'Fn::GetAtt'?: [string, string];
    'Fn::GetStackOutput'?: { StackName: string; OutputName: string };
  };
  if (attribute?.[1] === 'ClusterSecurityGroupId') return `${stack}/${shorten(attribute[0])} by EKS`;
  if (attribute) return `${stack}/${shorten(attribute[0])}`;
  if (output) {
    const producer = output.StackName.split('-').at(-1) ?? '';
    return nameOf(templates[producer]?.Outputs?.[output.OutputName]?.Value, producer, templates);
  }
  throw new Error(`A rule has no reference to a security group: ${JSON.stringify(reference)}`);
}

/** Shortens `LoadBalancerSecurityGroupA28D6DD7` to `LoadBalancer`. */
function shorten(logicalId: string): string {
  return logicalId.replace(/(SecurityGroup)?[0-9A-F]{8}$/, '');
}
