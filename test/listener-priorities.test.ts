import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { ContainerService } from '../lib/constructs/container-service';
import { NodePortTarget } from '../lib/constructs/node-port-target';
import { PrivateLoadBalancer } from '../lib/constructs/private-load-balancer';

test('a container service and a node port cannot have the same priority on a listener, although both constructs are independent', () => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
  const placement = { vpc, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } };
  const loadBalancer = new PrivateLoadBalancer(stack, 'LoadBalancer', placement);
  const rule = { priority: 7, paths: ['/a/*'] };
  new ContainerService(stack, 'Service', {
    ...placement,
    ...rule,
    cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
    image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/nginx:1'),
    architecture: ecs.CpuArchitecture.ARM64,
    cpu: 256,
    memoryMiB: 512,
    minTasks: 1,
    maxTasks: 1,
    listener: loadBalancer.listener,
  });
  const nodes = Object.assign(new Construct(stack, 'Nodes'), { nodegroupName: 'nodes' });
  const nodeSecurityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'NodeGroup', 'sg-0123456789abcdef0');
  expect(
    () =>
      new NodePortTarget(stack, 'Target', {
        ...rule,
        vpc,
        loadBalancer,
        clusterName: 'cluster',
        nodes,
        nodeSecurityGroup,
        nodePort: 30_080,
      }),
  ).toThrow('priority: 7 of Stack/Target is the priority of Stack/Service, too, on the same listener.');
});
